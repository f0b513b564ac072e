"""Signing in to a real Synapse, and staying signed in: sessions are renewed once, whoever needs it first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import nullcontext

import pytest
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.matrix import US, Synapse

from modconsole.connectors.base import Known, Outgoing
from modconsole.connectors.matrix import connect, sign_in
from modconsole.connectors.matrix_api import session_of
from modconsole.connectors.signing import Credentials, SignedIn, Step
from modconsole.domain.records import Identity, Message
from modconsole.errors import InputError, SignInError

pytestmark = pytest.mark.server


def asked(*answers: Mapping[str, str]) -> tuple[list[Step], SignedIn]:
    """The steps of a sign-in that gets these answers, and what came of it."""
    run = sign_in(lambda: 0)
    steps = [next(run)]
    steps += [run.send(answer) for answer in answers[:-1]]
    with pytest.raises(StopIteration) as end:
        run.send(answers[-1])
    assert isinstance(end.value.value, SignedIn)
    return steps, end.value.value


def test_a_password_gives_a_session_of_our_own(matrix: Synapse) -> None:
    """It appears among the account's sessions by name, the password is not kept, and the connector works with it."""
    steps, done = asked({"homeserver": matrix.url}, {"user": US, "password": "crew-pw"})
    assert [[field.name for field in step.fields] for step in steps] == [["homeserver"], ["user", "password", "token"]]
    assert [field.name for field in steps[1].fields if field.secret] == ["password", "token"]
    assert done.settings == {"homeserver": matrix.url, "user": "@crew:localhost"}
    assert done.suggested_source == "@crew:localhost"
    assert "crew-pw" not in done.secret
    session = session_of(done.secret)
    devices = matrix.api("GET", "/v3/devices", by=US)["devices"]
    assert {"modconsole"} == {d["display_name"] for d in devices if d["device_id"] == session.device}
    assert session.refresh_token
    connector = connect(done.settings, Credentials(done.secret))
    assert connector.check().id == "@crew:localhost"
    connector.close()


def test_an_access_token_of_another_client_will_do(matrix: Synapse) -> None:
    """Pasted, it tells by itself whose it is."""
    token = session_of(matrix.session("alice")).access_token
    _, done = asked({"homeserver": matrix.url}, {"token": f" {token} "})
    assert done.settings["user"] == "@alice:localhost"
    bare = connect(done.settings, Credentials(token))
    assert bare.check().id == "@alice:localhost"
    bare.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"user": US, "password": "wrong"}, SignInError),
        ({"user": "nobody", "password": "crew-pw"}, SignInError),
        ({"token": "syt_wrong"}, SignInError),
        ({"user": US}, InputError),
        ({}, InputError),
    ],
)
def test_a_wrong_sign_in_says_so_and_repeats_nothing(
    matrix: Synapse, answer: dict[str, str], error: type[Exception]
) -> None:
    """Neither a password nor a token gets into an error."""
    with pytest.raises(error) as caught:
        asked({"homeserver": matrix.url}, answer)
    assert not any(secret in str(caught.value) for secret in ("crew-pw", "syt_wrong"))


def test_check_says_what_will_be_synced_and_who_else_may_be_us(matrix: Synapse) -> None:
    """Rooms, direct conversations, invitations; colleagues who moderate with us; encrypted rooms as missing."""
    who = matrix.new_person("desk")
    levels = {"users": {who.id: 50, "@mod:localhost": 100}}
    matrix.room("Help", members=(who.login, "alice"), power_level_content_override=levels)
    secret = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
    matrix.room("Vault", members=(who.login,), power_level_content_override=levels, initial_state=secret)
    matrix.room("Space", members=(who.login,), creation_content={"type": "m.space"})
    for joined in (True, False):
        body = {"preset": "trusted_private_chat", "is_direct": True, "invite": [who.id]}
        room = matrix.api("POST", "/v3/createRoom", body, by="bob")["room_id"]
        if joined:
            matrix.join(room, who.login)
    connector = connect({"homeserver": matrix.url}, Credentials(matrix.session(who.login)))
    account = connector.check()
    connector.close()
    assert (account.id, account.name) == (who.id, who.login.title())
    assert account.syncs == ("2 rooms", "1 direct conversation", "1 open invitation")
    assert [word for word in account.missing if "encrypted" in word] == [
        "no keys for 1 room (Vault): encrypted end to end, the texts there cannot be read"
    ]
    assert Identity(id="@mod:localhost", handle="@mod:localhost") in account.others
    assert all(identity.id not in (who.id, "@alice:localhost") for identity in account.others)


class Kept:
    """Where two connectors keep one secret."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def save(self, secret: str) -> None:
        self.secret = secret

    def credentials(self) -> Credentials:
        """Credentials over this place, as a process has them that starts now."""
        return Credentials(self.secret, load=lambda: self.secret, save=self.save, lock=nullcontext)


def test_an_expired_token_is_renewed_once_and_kept(matrix: Synapse, matrix_proxy: FaultProxy) -> None:
    """Two connectors meet the expiry; one asks for a new token, the other takes it over, and neither request is
    lost."""
    kept = Kept(matrix.session(US, refreshes=True))
    matrix.expire(session_of(kept.secret).access_token)
    before = session_of(kept.secret)
    both = [connect({"homeserver": matrix_proxy.url}, kept.credentials()) for _ in range(2)]
    assert [connector.check().id for connector in both] == ["@crew:localhost"] * 2
    assert sum("/refresh" in request for request in matrix_proxy.requests) == 1
    after = session_of(kept.secret)
    assert after.access_token != before.access_token
    assert after.device == before.device
    for connector in both:
        connector.close()


def test_a_reply_meets_an_expired_token_and_is_sent_once(matrix: Synapse) -> None:
    """What was refused as expired did nothing: it is sent with the new token, in the same session."""
    kept = Kept(matrix.session(US, refreshes=True))
    room = matrix.room()
    question = matrix.say(room, "Now?")
    connector = connect({"homeserver": matrix.url}, kept.credentials())
    matrix.expire(session_of(kept.secret).access_token)
    sent = connector.send(Outgoing(str(uuid.uuid4()), room, question, "Now."))
    assert isinstance(sent, Message)
    assert [text for _, text in matrix.messages(room).values()] == ["Now?", "Now."]
    connector.close()


def test_a_renewal_whose_answer_was_lost_is_made_again(matrix: Synapse, matrix_proxy: FaultProxy) -> None:
    """The old refresh token holds until the new access token is used: nobody is signed out by a broken connection."""
    kept = Kept(matrix.session(US, refreshes=True))
    matrix.expire(session_of(kept.secret).access_token)
    connector = connect({"homeserver": matrix_proxy.url}, kept.credentials())
    matrix_proxy.fail(Fault("drop_after", method="POST", path="/refresh"))
    assert connector.check().id == "@crew:localhost"
    assert sum("/refresh" in request for request in matrix_proxy.requests) == 2
    connector.close()


def test_an_ended_session_stops_the_source_and_says_what_to_do(matrix: Synapse) -> None:
    """Signed out in another client: nothing renews that, with a refresh token or without."""
    for refreshes in (False, True):
        secret = matrix.session(US, refreshes=refreshes)
        matrix.log_out(session_of(secret).access_token)
        connector = connect({"homeserver": matrix.url}, Credentials(secret))
        for wanted in (connector.check, lambda c=connector: next(c.pull(Known(), 1))):
            with pytest.raises(SignInError) as caught:
                wanted()
            assert "Sign in" in caught.value.hint
            assert session_of(secret).access_token not in str(caught.value)
        connector.close()
