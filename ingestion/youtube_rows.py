"""YouTube's resources as rows: the tables of the Data API, and how a resource becomes a row.

``kind`` and ``etag`` of a resource say nothing about the thing itself and are not kept; nor is what
merely repeats another field (``localized``, ``textDisplay``).
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from ingestion.http import part
from ingestion.language import detect
from ingestion.metrics import view_definition
from ingestion.policy import Json
from ingestion.tables import COUNT, FLAG, MOMENT, OBJECT, TEXT, Kind, Row, snapshot_table

PROFILE: Mapping[str, Kind] = {
    "id": TEXT,
    "title": TEXT.at("snippet.title"),
    "description": TEXT.at("snippet.description"),
    "custom_url": TEXT.at("snippet.customUrl"),
    "country": TEXT.at("snippet.country"),
    "default_language": TEXT.at("snippet.defaultLanguage"),
    "published_at": MOMENT.at("snippet.publishedAt"),
    "thumbnails": OBJECT.at("snippet.thumbnails"),
    "view_count": COUNT.at("statistics.viewCount"),
    "subscriber_count": COUNT.at("statistics.subscriberCount"),
    "hidden_subscriber_count": FLAG.at("statistics.hiddenSubscriberCount"),
    "video_count": COUNT.at("statistics.videoCount"),
}
CHANNELS = snapshot_table(
    "channels",
    "id",
    "id",
    {
        **PROFILE,
        "uploads_playlist_id": TEXT.at("contentDetails.relatedPlaylists.uploads"),
        "privacy_status": TEXT.at("status.privacyStatus"),
        "is_linked": FLAG.at("status.isLinked"),
        "long_uploads_status": TEXT.at("status.longUploadsStatus"),
        "made_for_kids": FLAG.at("status.madeForKids"),
        "topic_categories": OBJECT.at("topicDetails.topicCategories"),
        "community_guidelines_good_standing": FLAG.at(
            "auditDetails.communityGuidelinesGoodStanding"
        ),
        "content_id_claims_good_standing": FLAG.at("auditDetails.contentIdClaimsGoodStanding"),
        "copyright_strikes_good_standing": FLAG.at("auditDetails.copyrightStrikesGoodStanding"),
        "view_definition": TEXT,
    },
)
PLAYLIST_ITEMS = snapshot_table(
    "playlist_items",
    "channel_id",
    "video_id",
    {
        "playlist_id": TEXT.at("snippet.playlistId"),
        "video_id": TEXT.at("contentDetails.videoId"),
        "channel_id": TEXT,
        "published_at": MOMENT.at("contentDetails.videoPublishedAt"),
        "position": COUNT.at("snippet.position"),
        "added_at": MOMENT.at("snippet.publishedAt"),
        "privacy_status": TEXT.at("status.privacyStatus"),
    },
)
VIDEOS = snapshot_table(
    "videos",
    "channel_id",
    "id",
    {
        "id": TEXT,
        "channel_id": TEXT.at("snippet.channelId"),
        "title": TEXT.at("snippet.title"),
        "description": TEXT.at("snippet.description"),
        "published_at": MOMENT.at("snippet.publishedAt"),
        "duration": TEXT.at("contentDetails.duration"),
        "duration_seconds": COUNT,
        "category_id": TEXT.at("snippet.categoryId"),
        "default_audio_language": TEXT.at("snippet.defaultAudioLanguage"),
        "privacy_status": TEXT.at("status.privacyStatus"),
        "made_for_kids": FLAG.at("status.madeForKids"),
        "contains_synthetic_media": FLAG.at("status.containsSyntheticMedia"),
        "has_paid_product_placement": FLAG.at(
            "paidProductPlacementDetails.hasPaidProductPlacement"
        ),
        "view_count": COUNT.at("statistics.viewCount"),
        "like_count": COUNT.at("statistics.likeCount"),
        "comment_count": COUNT.at("statistics.commentCount"),
        "default_language": TEXT.at("snippet.defaultLanguage"),
        "channel_title": TEXT.at("snippet.channelTitle"),
        "tags": OBJECT.at("snippet.tags"),
        "live_broadcast_content": TEXT.at("snippet.liveBroadcastContent"),
        "thumbnails": OBJECT.at("snippet.thumbnails"),
        "definition": TEXT.at("contentDetails.definition"),
        "dimension": TEXT.at("contentDetails.dimension"),
        "projection": TEXT.at("contentDetails.projection"),
        "caption": FLAG.at("contentDetails.caption"),
        "is_licensed_content": FLAG.at("contentDetails.licensedContent"),
        "content_rating": OBJECT.at("contentDetails.contentRating"),
        "region_restriction": OBJECT.at("contentDetails.regionRestriction"),
        "upload_status": TEXT.at("status.uploadStatus"),
        "license": TEXT.at("status.license"),
        "is_embeddable": FLAG.at("status.embeddable"),
        "is_public_stats_viewable": FLAG.at("status.publicStatsViewable"),
        "favorite_count": COUNT.at("statistics.favoriteCount"),
        "topic_categories": OBJECT.at("topicDetails.topicCategories"),
        "language": TEXT,
        "view_definition": TEXT,
    },
)
VIDEO_STATS = snapshot_table(
    "video_stats",
    "channel_id",
    "id",
    {
        "id": TEXT,
        "channel_id": TEXT,
        "published_at": MOMENT.at("snippet.publishTime"),
        "view_count": COUNT.at("statistics.viewCount"),
        "like_count": COUNT.at("statistics.likeCount"),
        "comment_count": COUNT.at("statistics.commentCount"),
        "view_definition": TEXT,
    },
)


def _comment_columns(place: str) -> Mapping[str, Kind]:
    """The columns of a comment whose snippet stands at ``place``."""
    return {
        "author_channel_id": TEXT.at(f"{place}.authorChannelId.value"),
        "author_display_name": TEXT.at(f"{place}.authorDisplayName"),
        "author_channel_url": TEXT.at(f"{place}.authorChannelUrl"),
        "author_profile_image_url": TEXT.at(f"{place}.authorProfileImageUrl"),
        "text_original": TEXT.at(f"{place}.textOriginal"),
        "like_count": COUNT.at(f"{place}.likeCount"),
        "can_rate": FLAG.at(f"{place}.canRate"),
        "viewer_rating": TEXT.at(f"{place}.viewerRating"),
        "published_at": MOMENT.at(f"{place}.publishedAt"),
        "updated_at": MOMENT.at(f"{place}.updatedAt"),
        "language": TEXT,
    }


COMMENT_THREADS = snapshot_table(
    "comment_threads",
    "channel_id",
    "id",
    {
        "id": TEXT,
        "video_id": TEXT.at("snippet.videoId"),
        "channel_id": TEXT.at("snippet.channelId"),
        "total_reply_count": COUNT.at("snippet.totalReplyCount"),
        "can_reply": FLAG.at("snippet.canReply"),
        "is_public": FLAG.at("snippet.isPublic"),
        **_comment_columns("snippet.topLevelComment.snippet"),
    },
)
COMMENTS = snapshot_table(
    "comments",
    "channel_id",
    "id",
    {
        "id": TEXT,
        "parent_id": TEXT.at("snippet.parentId"),
        "video_id": TEXT.at("snippet.videoId"),
        "channel_id": TEXT.at("snippet.channelId"),
        **_comment_columns("snippet"),
    },
)
COMMENTER_CHANNELS = snapshot_table(
    "commenter_channels", "account_id", "id", {"account_id": TEXT, **PROFILE}
)

DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def channel_row(item: Json, day: date) -> Row:
    """A channel resource as a row of ``channels``."""
    return CHANNELS.row(
        _lean(item), **_visible_count(item), view_definition=view_definition("youtube", day)
    )


def commenter_row(item: Json, account_id: str) -> Row:
    """A channel resource as a row of ``commenter_channels``."""
    return COMMENTER_CHANNELS.row(_lean(item), **_visible_count(item), account_id=account_id)


def playlist_item_row(item: Json, channel_id: str) -> Row:
    """A playlist item resource as a row of ``playlist_items``."""
    snippet, details = part(item, "snippet"), part(item, "contentDetails")
    return PLAYLIST_ITEMS.row(
        _lean(item),
        channel_id=channel_id,
        video_id=details.get("videoId") or part(snippet, "resourceId").get("videoId"),
        published_at=details.get("videoPublishedAt") or snippet.get("publishedAt"),
    )


def video_row(item: Json, channel_id: str, day: date) -> Row:
    """A video resource as a row of ``videos``."""
    snippet = part(item, "snippet")
    text = f"{snippet.get('title') or ''}\n{snippet.get('description') or ''}"
    return VIDEOS.row(
        _lean(item),
        channel_id=channel_id,
        duration_seconds=duration_seconds(part(item, "contentDetails").get("duration")),
        language=detect(text),
        view_definition=view_definition("youtube", day),
    )


def video_stat_row(item: Json, channel_id: str, day: date) -> Row:
    """A videoStat resource as a row of ``video_stats``."""
    return VIDEO_STATS.row(
        _lean(item), channel_id=channel_id, view_definition=view_definition("youtube", day)
    )


def comment_thread_row(item: Json, channel_id: str) -> Row:
    """A comment thread resource as a row of ``comment_threads``; replies are left to theirs."""
    thread = part(item, "snippet")
    top = part(thread, "topLevelComment")
    comment = part(top, "snippet")
    echoed = {"videoId": thread.get("videoId"), "channelId": thread.get("channelId")}
    top = _without(_lean(top), {"id": item.get("id")})
    lean = _lean(item) | {
        "snippet": {**thread, "topLevelComment": {**top, "snippet": _said(comment, echoed)}}
    }
    lean.pop("replies", None)
    return COMMENT_THREADS.row(
        lean,
        channel_id=channel_id,
        video_id=thread.get("videoId") or comment.get("videoId"),
        **_text(comment),
    )


def reply_row(item: Json, channel_id: str, parent_id: str, video_id: str) -> Row:
    """A comment resource as a row of ``comments``."""
    comment = part(item, "snippet")
    lean = {**_lean(item), "snippet": _said(comment, {})}
    return COMMENTS.row(
        lean,
        channel_id=channel_id,
        parent_id=comment.get("parentId") or parent_id,
        video_id=comment.get("videoId") or video_id,
        **_text(comment),
    )


def duration_seconds(duration: object) -> int | None:
    """Seconds of an ISO 8601 duration in weeks to seconds; None for what is not one."""
    match = DURATION.fullmatch(str(duration))
    if not match or not any(match.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    return ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds


def _lean(item: Json) -> Json:
    """The resource without its labels and without a localisation that says the same again."""
    lean = {name: value for name, value in item.items() if name not in ("kind", "etag")}
    snippet = part(item, "snippet")
    if "localized" in snippet:
        localized = part(snippet, "localized")
        if all(snippet.get(name) == value for name, value in localized.items()):
            lean["snippet"] = {k: v for k, v in snippet.items() if k != "localized"}
    return lean


def _said(comment: Json, echoed: Json) -> Json:
    return _without(comment, {**echoed, "textDisplay": comment.get("textOriginal")})


def _without(item: Json, echoed: Json) -> Json:
    """The object without fields that only say again what ``echoed`` says."""
    return {k: v for k, v in item.items() if k not in echoed or v != echoed[k]}


def _text(comment: Json) -> dict[str, Any]:
    # The original is promised to the author alone; what is shown, asked for as plain text, is not.
    text = comment.get("textOriginal")
    text = comment.get("textDisplay") if text is None else text
    return {"text_original": text, "language": detect(text if isinstance(text, str) else None)}


def _visible_count(item: Json) -> dict[str, None]:
    # A hidden count is delivered as 0 or not at all; neither is a number of subscribers.
    hidden = part(item, "statistics").get("hiddenSubscriberCount")
    return {"subscriber_count": None} if hidden else {}
