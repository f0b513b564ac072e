"""The conditions that AutoModerator's `standard:` names, with lists of our own.

What each is for stands in AutoModerator's documentation. Which sites belong to it was put together from what the sites are
known for, not from Reddit's page of definitions: the lists are not the same, and a rule that uses one says so.
"""

from __future__ import annotations

from typing import Final

IMAGES = [
    "500px.com",
    "deviantart.com",
    "flickr.com",
    "flic.kr",
    "giphy.com",
    "gfycat.com",
    "ibb.co",
    "imagebam.com",
    "imageshack.com",
    "imageshack.us",
    "imgbb.com",
    "imgbox.com",
    "imgur.com",
    "instagram.com",
    "i.redd.it",
    "photobucket.com",
    "pinimg.com",
    "pinterest.com",
    "postimages.org",
    "postimg.cc",
    "redgifs.com",
    "tenor.com",
    "tinypic.com",
    "unsplash.com",
]
VIDEOS = [
    "dailymotion.com",
    "dai.ly",
    "odysee.com",
    "rumble.com",
    "streamable.com",
    "tiktok.com",
    "v.redd.it",
    "vid.me",
    "vimeo.com",
    "vine.co",
    "youku.com",
    "youtu.be",
    "youtube.com",
    "youtube-nocookie.com",
]
STREAMS = [
    "dlive.tv",
    "kick.com",
    "livestream.com",
    "mixer.com",
    "picarto.tv",
    "trovo.live",
    "twitch.tv",
    "ustream.tv",
    "younow.com",
]
FUNDING = [
    "betterplace.org",
    "buymeacoffee.com",
    "crowdsupply.com",
    "donorbox.org",
    "fundly.com",
    "fundrazr.com",
    "gofundme.com",
    "indiegogo.com",
    "justgiving.com",
    "kickstarter.com",
    "ko-fi.com",
    "patreon.com",
    "startsomegood.com",
    "wefunder.com",
    "youcaring.com",
]
MEMES = [
    "diylol.com",
    "imgflip.com",
    "kapwing.com",
    "livememe.com",
    "makeameme.org",
    "memecaptain.com",
    "memecenter.com",
    "memegen.link",
    "memegenerator.net",
    "memeful.com",
    "quickmeme.com",
    "ragestache.com",
    "troll.me",
]
FACEBOOK = ["facebook.com", "fb.com", "fb.me", "fb.watch", "fbcdn.net"]
AMAZON = r"\bamazon\.[a-z]{2,3}(?:\.[a-z]{2})?/\S*[?&]tag=[\w-]+|\bamzn\.to/\w+"

PRESETS: Final[dict[str, dict[str, str | list[str]]]] = {
    "image hosting sites": {"type": "submission", "domain": IMAGES},
    "direct image links": {"type": "submission", "url (regex)": r"\.(?:png|jpe?g|gifv?|webp)(?:[?#]\S*)?$"},
    "video hosting sites": {"type": "submission", "domain": VIDEOS},
    "streaming sites": {"type": "submission", "domain": STREAMS},
    "crowdfunding sites": {"type": "submission", "domain": FUNDING},
    "meme generator sites": {"type": "submission", "domain": MEMES},
    "facebook links": {"url+body (includes)": FACEBOOK},
    "amazon affiliate links": {"url+body (includes, regex)": AMAZON},
}
"""The checks that each stands for. What the rule says itself goes before."""
