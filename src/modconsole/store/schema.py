"""Tables, indexes and migrations.

What platforms said (`source` to `coverage`) is apart from what we did (`decision`, `send`, `draft`) and from what is only a
cache (`ask`, `tally`, and the last columns of `conversation`). Times are instants: integer microseconds since 1970, UTC. Platform
ids are opaque text in `native`; the integer ids are ours and mean nothing outside this file.

A migration is a named function, runs in a transaction of its own, and is never changed once released: add another.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

VERSION = 8
"""`PRAGMA user_version` of a database to which all migrations have been applied."""

migrations = Migrations("modconsole")

_MIRROR = (
    """create table source (
        id integer primary key, native text not null unique, platform text not null default '', name text, url text,
        connected_at integer, target_hours real, hours text, fresh_within real, answer text,
        identities text not null default '[]', observed_at integer, described integer not null default 0,
        conversations integer not null default 0)""",
    """create table conversation (
        id integer primary key, source integer not null references source(id), native text not null,
        kind text, title text, url text, opened_by text, opened_at integer, reply_until integer, observed_at integer,
        described integer not null default 0,
        shown_kind text not null default 'comments', shown_title text, messages integer not null default 0,
        last_at integer not null default 0, last_message integer, open_asks integer not null default 0,
        valid_from integer, valid_to integer,
        unique (source, native))""",
    """create trigger conversation_added after insert on conversation begin
        update source set conversations = conversations + 1 where id = new.source; end""",
    "create index conversation_newest on conversation (last_at, id)",
    "create index conversation_newest_in on conversation (source, last_at, id)",
    "create index conversation_expires on conversation (valid_to) where valid_to is not null",
    """create table person (
        id integer primary key, source integer not null references source(id), native text not null,
        handle text, name text, kind text, seen integer not null default -9223372036854775808,
        unique (source, native))""",
    "create index person_handle on person (handle collate nocase) where handle is not null",
    """create table author (
        id integer primary key, person integer not null references person(id), handle text, name text, kind text)""",
    "create unique index author_variant on author (person, ifnull(handle, ''), ifnull(name, ''), ifnull(kind, ''))",
    """create table message (
        id integer primary key, source integer not null references source(id), native text not null,
        conversation integer not null references conversation(id), person integer not null references person(id),
        author integer references author(id), created_at integer not null, text text not null, format text,
        parent text, mentions text, quotes text, kind text, title text, url text, visibility text, state text,
        state_at integer, edited_at integer, automatic integer, attachments text, observed_at integer, extra text,
        plain text, first_observed integer, versions integer not null default 1,
        unique (source, native))""",
    "create index message_in on message (conversation, created_at)",
    "create index message_by on message (person, created_at)",
    "create index message_seen on message (source, first_observed) where first_observed is not null",
    """create index message_queued on message (source, created_at)
        where state in ('held', 'hidden', 'spam', 'removed')""",
    """create table version (
        message integer not null references message(id), body blob not null, primary key (message, body)) without rowid""",
    "create view message_text as select id, coalesce(plain, text) as text from message",
    """create virtual table message_search using fts5(
        text, content='message_text', content_rowid='id', tokenize='unicode61 remove_diacritics 2')""",
    """create table reaction (
        source integer not null references source(id), message text not null, person text not null, name text not null,
        at integer not null, removed integer not null, body blob not null,
        primary key (source, message, person, name)) without rowid""",
    """create table coverage (
        id integer primary key, source integer not null references source(id), conversation text not null default '',
        checked_at integer not null, complete_through integer, gap_from integer, gap_to integer, gap_why text,
        gap integer not null, observed_at integer, body blob not null, unique (source, conversation, checked_at, body))""",
)
_OURS = (
    """create table decision (
        id text primary key, at integer not null, by text not null, act text not null,
        source integer not null references source(id), conversation integer not null references conversation(id),
        person text, through text, reason text, until integer, text text, tags text, "to" text, observed_at integer,
        undone_at integer, undone_by text, seq integer not null)""",
    "create index decision_on on decision (conversation)",
    "create index decision_by on decision (by, seq)",
    "create index decision_link on decision (source, \"to\") where act = 'link'",
    """create table send (
        id text primary key, at integer not null, by text not null,
        source integer not null references source(id), conversation integer not null references conversation(id),
        reply_to text, through text not null, text text not null, state text not null, message text,
        not_before integer, attempted_at integer, attempts integer not null default 0, retry_at integer,
        trouble text, hint text, seq integer not null)""",
    "create index send_on on send (conversation)",
    "create index send_open on send (state, not_before) where state not in ('confirmed', 'taken_back')",
    "create index send_by on send (by, seq)",
    """create table moderation (
        id text primary key, at integer not null, by text not null, source integer not null references source(id),
        conversation integer not null references conversation(id), message text not null, act text not null,
        was text not null, became text not null, reason text, undone_at integer, undone_by text, seq integer not null)""",
    """create table draft (
        source text not null, message text not null, by text not null, text text not null, through text,
        saved_at integer not null, primary key (source, message, by)) without rowid""",
    "create table counter (name text primary key, value integer not null) without rowid",
)
_CACHE = (
    """create table ask (
        id integer primary key, conversation integer not null references conversation(id),
        source_native text not null, conversation_native text not null, thread text not null, person text not null,
        source integer not null, status text not null, open integer not null, trouble text not null default '',
        waiting_since integer, due_at integer, reply_until integer, messages text not null, latest text not null,
        shown integer, shown_at integer, badges text not null, backlog integer not null, claimed_by text, claimed_until integer,
        suggest_act text, suggest_reason text, reason text not null default '', by text not null default '', until integer,
        unique (conversation, thread, person))""",
    """create index ask_queue on ask (
        open, trouble, waiting_since, source_native, conversation_native, thread, person, due_at, reply_until, source)""",
    "create index ask_due on ask (open, due_at)",
    "create index ask_window on ask (reply_until) where open = 1 and reply_until is not null",
    "create index ask_person on ask (person, source)",
    "create index ask_status on ask (status, until)",
    """create table tally (
        source integer not null, status text not null, backlog integer not null, n integer not null,
        primary key (source, status, backlog)) without rowid""",
    """create trigger ask_added after insert on ask begin
        insert into tally values (new.source, new.status, new.backlog, 1)
            on conflict do update set n = n + 1; end""",
    """create trigger ask_gone after delete on ask begin
        update tally set n = n - 1 where source = old.source and status = old.status and backlog = old.backlog; end""",
    """create trigger ask_changed after update of status, backlog on ask
        when old.status <> new.status or old.backlog <> new.backlog begin
        update tally set n = n - 1 where source = old.source and status = old.status and backlog = old.backlog;
        insert into tally values (new.source, new.status, new.backlog, 1)
            on conflict do update set n = n + 1; end""",
)
_OVERDUE = (
    # how many open asks were due at the instant `overdue through`; the count for now starts from there (see `queue.overdue`)
    "insert into counter values ('overdue', 0), ('overdue through', 0)",
    """create trigger ask_due_added after insert on ask
        when new.open = 1 and new.due_at <= (select value from counter where name = 'overdue through') begin
        update counter set value = value + 1 where name = 'overdue'; end""",
    """create trigger ask_due_gone after delete on ask
        when old.open = 1 and old.due_at <= (select value from counter where name = 'overdue through') begin
        update counter set value = value - 1 where name = 'overdue'; end""",
    """create trigger ask_due_changed after update of open, due_at on ask
        when old.open <> new.open or old.due_at is not new.due_at begin
        update counter set value = value
            - ifnull(old.open = 1 and old.due_at <= (select value from counter where name = 'overdue through'), 0)
            + ifnull(new.open = 1 and new.due_at <= (select value from counter where name = 'overdue through'), 0)
            where name = 'overdue'; end""",
)
_SYNC = (
    """create table account (
        source integer primary key references source(id), platform text not null, settings text not null,
        paused integer not null default 0)""",
    """create table mark (
        source integer primary key references source(id), position text not null, synced_at integer,
        failed_at integer, failure text, hint text, walked_at integer,
        tried_at integer)""",
    """create table poison (
        id integer primary key, source integer not null references source(id), at integer not null, why text not null,
        payload blob not null)""",
    """create table lease (
        name text primary key, holder text not null, label text not null, until integer not null) without rowid""",
)


@migrations(name="0001_first")
def first(db: Database) -> None:
    """Everything the first release needs."""
    for statement in (*_MIRROR, *_OURS, *_CACHE, *_OVERDUE, *_SYNC):
        db.execute(statement)


_ACTS = (
    """create table moderation_2 (
        id text primary key, at integer not null, by text not null, source integer not null references source(id),
        conversation integer references conversation(id), kind text not null, target text not null, message text, person text,
        act text not null, label text not null default '', reason text not null default '', until integer,
        state text not null, not_before integer, holder text, attempted_at integer, attempts integer not null default 0,
        retry_at integer, was text, became text, undo_act text, undo_token text, note text not null default '',
        trouble text not null default '', hint text not null default '', undoes text, undone_at integer, undone_by text,
        seq integer not null)""",
    # A restored message is where it was before; the other states each have an act that leads to them.
    """insert into moderation_2 (id, at, by, source, conversation, kind, target, message, person, act, reason, state, was, became,
        undo_act, undo_token, undone_at, undone_by, seq)
        select d.id, d.at, d.by, d.source, d.conversation, 'message', d.message, d.message,
            (select p.native from message m join person p on p.id = m.person where m.source = d.source and m.native = d.message),
            case d.act when 'trash' then 'remove' else d.act end, ifnull(d.reason, ''), 'done', d.was, d.became,
            case when d.was = d.became then null when d.became in ('spam', 'removed') then 'restore'
                else case d.was when 'live' then 'approve' when 'held' then 'hold' when 'spam' then 'spam'
                when 'removed' then 'remove' end end,
            '{}', d.undone_at, d.undone_by, d.seq from moderation d""",
    "drop table moderation",
    "alter table moderation_2 rename to moderation",
    "create index moderation_in on moderation (conversation)",
    "create index moderation_of on moderation (source, person) where person is not null",
    "create index moderation_on on moderation (source, kind, target)",
    "create index moderation_by on moderation (by, seq)",
    "create index moderation_open on moderation (state) where state not in ('done', 'cancelled')",
    "create index moderation_undoes on moderation (undoes) where undoes is not null",
)


@migrations(name="0002_acts")
def acts(db: Database) -> None:
    """Moderation acts on persons and conversations too, on their way as replies are, each with the call that takes it back."""
    for statement in _ACTS:
        db.execute(statement)


_RECEIVED = (
    """create table receiver (
        source integer primary key references source(id), added_at integer not null, fresh_within real not null,
        deliveries integer not null default 0, last_at integer)""",
    """create table received (
        source integer not null references source(id), id text not null, at integer not null,
        primary key (source, id)) without rowid""",
    "create index received_at on received (at)",
)


@migrations(name="0003_received")
def received(db: Database) -> None:
    """Sources that are written to by webhook, and the ids of their deliveries."""
    for statement in _RECEIVED:
        db.execute(statement)


_COVERING = (
    "alter table mark add column retry_at integer",
    "create index coverage_gap on coverage (source, conversation) where gap = 1",
)


@migrations(name="0004_covering")
def covering(db: Database) -> None:
    """Until when a platform wants to be left alone; gaps found without going through all looks."""
    for statement in _COVERING:
        db.execute(statement)


@migrations(name="0005_known")
def known(db: Database) -> None:
    """Of each reply: the last message that was stored when it was queued, told by its row, for clocks can be wrong."""
    db.execute("alter table send add column known integer")


_RULES = (
    # What the folder of rules said, each time it said something new. `live_*` is the version that a person let act.
    """create table rule (
        id text primary key, version integer not null, path text not null default '', gone_at integer,
        live_version integer, live_at integer, live_by text, paused_at integer, paused_why text,
        problem text) without rowid""",
    """create table rule_version (
        rule text not null references rule(id), version integer not null, at integer not null, by text not null,
        digest text not null, source text not null, status text not null, name text not null,
        evidence text, restored integer, primary key (rule, version)) without rowid""",
    """create table verdict (
        id integer primary key, rule text not null, version integer not null, mode text not null,
        message integer not null references message(id), conversation integer not null references conversation(id),
        person integer not null references person(id), at integer not null, matches text not null default '[]',
        held text not null default '[]', undone_at integer, undone_by text, settled text)""",
    "create unique index verdict_once on verdict (message, rule, version, mode)",
    "create index verdict_of on verdict (rule, at)",
    "create index verdict_by on verdict (person, at)",
    "create index verdict_in on verdict (conversation)",
    # What a live rule did about a hit, or proposes: `ref` is the act of `moderation` or the decision that carries it.
    """create table rule_act (
        id text primary key, verdict integer not null references verdict(id), rule text not null, version integer not null,
        at integer not null, action text not null, value text not null default '', span integer, state text not null,
        kind text, ref text, trouble text not null default '', decided_at integer, decided_by text)""",
    "create index rule_act_of on rule_act (rule, at)",
    "create index rule_act_on on rule_act (verdict)",
    "create index rule_act_ref on rule_act (ref) where ref is not null",
    "create index rule_act_open on rule_act (state) where state in ('proposed', 'queued')",
    """create table rule_skip (
        rule text not null, version integer not null, message integer not null references message(id), at integer not null,
        item text not null, seconds real not null, primary key (rule, version, message)) without rowid""",
    # What judging cost, by rule version and day (days since 1970, UTC).
    """create table rule_day (
        rule text not null, version integer not null, day integer not null, judged integer not null default 0,
        hits integer not null default 0, acted integer not null default 0, reversed integer not null default 0,
        skipped integer not null default 0, micros integer not null default 0, primary key (rule, version, day)) without rowid""",
    """create table strike (
        id text primary key, person integer not null references person(id), at integer not null, by text not null,
        rule text, version integer, message integer references message(id), reason text not null default '',
        expires_at integer, undone_at integer, undone_by text, seq integer not null)""",
    "create index strike_of on strike (person, at)",
    """create table appeal (
        id text primary key, at integer not null, by text not null, person integer not null references person(id),
        message integer references message(id), about text not null, ref text not null, text text not null default '',
        state text not null, answer text not null default '', decided_at integer, decided_by text, seq integer not null)""",
    "create index appeal_open on appeal (state) where state = 'open'",
    """create table publication (
        version integer primary key, at integer not null, by text not null, markdown text not null, digest text not null)""",
)


@migrations(name="0006_rules")
def rules(db: Database) -> None:
    """Rules with their versions, what they found and did, strikes, appeals, and the guidelines that were published."""
    for statement in _RULES:
        db.execute(statement)


_TEXTS = (
    # Messages whose words were replaced or removed, each with the number of its last change: what was copied has to follow.
    "create table text_change (message integer primary key, change integer not null)",
    "create unique index text_change_by on text_change (change)",
    """create trigger message_text_changed after update of text, plain, title, conversation, person on message
        when old.text is not new.text or old.plain is not new.plain or old.title is not new.title
            or old.conversation <> new.conversation or old.person <> new.person begin
        insert into text_change values (new.id, (select ifnull(max(change), 0) + 1 from text_change))
            on conflict do update set change = excluded.change; end""",
    """create trigger message_text_gone after delete on message begin
        insert into text_change values (old.id, (select ifnull(max(change), 0) + 1 from text_change))
            on conflict do update set change = excluded.change; end""",
)


@migrations(name="0007_texts")
def texts(db: Database) -> None:
    """Numbers for what happens to texts, for the copy of them that rules are tried on."""
    for statement in _TEXTS:
        db.execute(statement)


_JUDGING = (
    # The rule itself beside its text, for lists change: what was approved is what was read then.
    "alter table rule_version add column body blob",
    # Up to which row and which change of a text messages have been judged, and since when that fails.
    """create table judging (
        id integer primary key check (id = 1), through integer not null, change integer not null,
        failed_at integer, failure text)""",
    "create index rule_act_at on rule_act (at)",
    # What was taken down is little: a rule that counts it of an author does not go through all that they wrote.
    """create index message_down on message (person, created_at)
        where state in ('removed', 'spam', 'hidden', 'deleted')""",
)


@migrations(name="0008_judging")
def judging(db: Database) -> None:
    """How far judging has come, so that nothing that was stored meanwhile is left out."""
    for statement in _JUDGING:
        db.execute(statement)


def migrate(db: Database) -> None:
    """Apply what is pending and note the version. Safe to run by two processes at once: the second finds nothing to do."""
    migrations.apply(db)
    db.execute(f"pragma user_version = {VERSION}")
