"""Parts of screens: `plain` is the only way to show text, `rowlist` the long lists, `display` the screen writer."""
