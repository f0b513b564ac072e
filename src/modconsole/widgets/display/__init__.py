"""The way to the terminal: what Textual has drawn goes out as the cells that changed, and the terminal is left clean.

- `cells`: drawn strips become rows of cells; the last door, where nothing but text and colours gets out.
- `frame`: two pictures become the shortest bytes between them.
- `pace`: how much may be under way on a slow line.
- `mixin`: `DiffDisplay`, which puts these in the place of Textual's own writer.
- `terminal`: what must be right before the app starts, and after it has ended, however it ended.

Textual repaints whole regions, writes colours anew for every piece of text and compares with nothing; a held key over a
slow line then lags for most of a minute. The one method that is replaced is private, so this room is pinned to the
Textual release it was tested with; with any other, or with `MODCONSOLE_DISPLAY=stock`, Textual writes as it always
does.

This package imports nothing by itself, because `terminal.prepare_environment` must run before Textual is imported.
"""
