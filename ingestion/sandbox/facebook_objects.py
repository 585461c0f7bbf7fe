"""The world's pages, posts, videos and comments as Graph API objects, without what counts them.

What does not change from day to day is made here, for the routes and the history alike. A field
that the platform would leave out is left out.
"""

import numpy as np

from ingestion.sandbox import facebook_numbers as numbers
from ingestion.sandbox.graph import Json, graph_time
from ingestion.sandbox.world.commenters import Commenters
from ingestion.sandbox.world.model import PlatformBlock

SITE = "https://www.facebook.com"
STATUS_TYPES = {
    "image": "added_photos",
    "video": "added_video",
    "reel": "added_video",
    "text": "mobile_status_update",
    "link": "shared_story",
}
BRANDS = ("Alpenmilch", "Bluefin Audio", "Cantina Verde", "Dunewear", "Ember & Oak", "Fjordkaffe")
"""Whom a sponsored post names."""
BRAND_ID = 300_000_000_000_000


def page_object(block: PlatformBlock, account: int, day: int) -> Json:
    """A page as it stands at the end of the day (index)."""
    at = np.array([account]), np.array([day])
    username = str(block.handle_on(day)[account])
    category = str(block.category[account])
    return {
        "id": str(block.account_id[account]),
        "name": str(block.display_name[account]),
        "username": username,
        "about": str(block.description[account]),
        "category": category,
        "category_list": category_list(category),
        "link": f"{SITE}/{username}",
        "fan_count": int(numbers.fan_count(block, *at)[0]),
        "followers_count": int(block.followers[account, day]),
        "new_like_count": int(block.gained[account, day]),
        "talking_about_count": int(numbers.talking_about(block, *at)[0]),
        "were_here_count": 0,
        "rating_count": 0,
        "verification_status": verification(bool(block.is_verified[account])),
        "is_published": True,
        "has_transitioned_to_new_page_experience": True,
    }


def category_list(category: str) -> list[Json]:
    """A page's categories, of which the world's have one."""
    return [{"id": str(2_200 + sum(category.encode()) % 700), "name": category}]


def verification(is_verified: bool) -> str:
    """A page's ``verification_status``."""
    return "blue_verified" if is_verified else "not_verified"


def post_object(block: PlatformBlock, post: int) -> Json:
    """A post without its counters."""
    account = int(block.post_account[post])
    created = graph_time(int(block.post_created[post]))
    item: Json = {
        "id": str(block.post_id[post]),
        "created_time": created,
        "updated_time": created,
        "status_type": STATUS_TYPES[str(block.post_format[post])],
        "permalink_url": permalink(block, post),
        "is_published": True,
        "is_hidden": bool(block.likes_hidden[post]),
        "is_expired": False,
        "from": {
            "id": str(block.account_id[account]),
            "name": str(block.display_name[account]),
        },
    }
    if block.post_caption[post]:
        item["message"] = str(block.post_caption[post])
    if (attached := attachment(block, post)) is not None:
        item["attachments"] = {"data": [attached]}
    if block.post_sponsored[post]:
        brand = int(block.post_created[post]) % len(BRANDS)
        tag = {"id": str(BRAND_ID + brand), "name": BRANDS[brand]}
        item["sponsor_tags"] = {"data": [tag]}
    return item


def permalink(block: PlatformBlock, post: int) -> str:
    """Where the post is seen; a reel's address names the reel alone."""
    page_id, _, own = str(block.post_id[post]).partition("_")
    video_id = numbers.video_ids(block)[post]
    if block.post_format[post] == "reel":
        return f"{SITE}/reel/{video_id}/"
    if block.post_format[post] == "video":
        return f"{SITE}/{page_id}/videos/{video_id}/"
    return f"{SITE}/{page_id}/posts/{own}"


def attachment(block: PlatformBlock, post: int) -> Json | None:
    """What hangs on a post; nothing on a text."""
    page_id, _, own = str(block.post_id[post]).partition("_")
    kind = str(block.post_format[post])
    if kind == "text":
        return None
    if kind == "link":
        target = f"https://{own[-6:]}.example.com/"
        shim = f"https://l.facebook.com/l.php?u=https%3A%2F%2F{own[-6:]}.example.com%2F"
        return {
            "media_type": "link",
            "type": "share",
            "url": shim,
            "unshimmed_url": target,
            "target": {"url": shim},
        }
    if kind == "image":
        url = f"{SITE}/{page_id}/photos/{own}"
        media_type, name, target_id = "photo", "photo", own
    else:
        url = permalink(block, post)
        media_type, name, target_id = "video", "video_inline", numbers.video_ids(block)[post]
    return {
        "media_type": media_type,
        "type": name,
        "url": url,
        "unshimmed_url": url,
        "target": {"id": target_id, "url": url},
    }


def video_object(block: PlatformBlock, post: int) -> Json:
    """The video or reel of a post, without its counters."""
    created = graph_time(int(block.post_created[post]))
    item: Json = {
        "id": numbers.video_ids(block)[post],
        "post_id": str(block.post_id[post]).partition("_")[2],
        "length": float(block.post_duration[post]),
        "created_time": created,
        "updated_time": created,
        "permalink_url": permalink(block, post).removeprefix(SITE),
        "content_category": "OTHER",
        "published": True,
        "embeddable": True,
        "is_crosspost_video": False,
        "is_episode": False,
        "status": {"video_status": "ready"},
    }
    if block.post_title[post]:
        item["title"] = str(block.post_title[post])
    if block.post_caption[post]:
        item["description"] = str(block.post_caption[post])
    return item


def comment_object(block: PlatformBlock, commenters: Commenters, comment: int) -> Json:
    """A comment or reply without the number of its own replies."""
    author = int(block.comment_author[comment])
    item: Json = {
        "id": str(block.comment_id[comment]),
        "created_time": graph_time(int(block.comment_created[comment])),
        "message": str(block.comment_text[comment]),
        "permalink_url": comment_link(block, comment),
        "like_count": int(block.comment_likes[comment]),
        "is_hidden": False,
        "is_private": False,
        "from": {
            "id": commenters.commenter_id("facebook", author),
            "name": str(commenters.name[author]),
        },
    }
    parent = int(block.comment_parent[comment])
    if parent >= 0:
        item["parent"] = {"id": str(block.comment_id[parent])}
    return item


def comment_link(block: PlatformBlock, comment: int) -> str:
    """Where the comment is seen: a reply's address names what it answers, too."""
    page_id, _, post = str(block.post_id[int(block.comment_post[comment])]).partition("_")
    own = str(block.comment_id[comment]).partition("_")[2]
    parent = int(block.comment_parent[comment])
    if parent < 0:
        return f"{SITE}/{page_id}/posts/{post}?comment_id={own}"
    above = str(block.comment_id[parent]).partition("_")[2]
    return f"{SITE}/{page_id}/posts/{post}?comment_id={above}&reply_comment_id={own}"
