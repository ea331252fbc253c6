"""What is made from which seed. Nothing here needs a renderer, so that tests can read it anywhere."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SideVideo:
    seed: int
    coat: str
    split: str
    post: bool  #: whether a post stands in front


SIDE_SIZE = (128, 160)
SIDE_FRAMES = 40  # pictures per video
SIDE_STRIDE = 12  # frames of the 30 Hz motion from one picture to the next
SIDE_VIDEOS = (
    SideVideo(1101, "agouti", "train", False),
    SideVideo(1102, "white", "train", False),
    SideVideo(1103, "hooded", "train", True),
    SideVideo(1104, "grey", "train", False),
    SideVideo(1105, "black", "train", False),
    SideVideo(1106, "fawn", "train", True),
    SideVideo(1107, "hooded", "validation", False),
    SideVideo(1108, "berkshire", "validation", True),
    SideVideo(1109, "patched", "test", False),
    SideVideo(1110, "agouti", "test", True),
)


@dataclass(frozen=True)
class PairVideo:
    """``meeting``: "pass" (side by side), "greet" (nose to nose), "follow" (nose to tail)."""

    seed: int
    coats: tuple
    split: str
    meeting: str


PAIR_SIZE = (128, 192)
PAIR_FRAMES = 16
PAIR_STRIDE = 7
PAIR_VIDEOS = (
    PairVideo(1301, ("agouti", "hooded"), "train", "pass"),
    PairVideo(1302, ("white", "white"), "train", "greet"),
    PairVideo(1303, ("black", "grey"), "train", "follow"),
    PairVideo(1304, ("hooded", "hooded"), "train", "pass"),
    PairVideo(1305, ("fawn", "agouti"), "validation", "pass"),
    PairVideo(1306, ("grey", "patched"), "validation", "greet"),
    PairVideo(1307, ("hooded", "berkshire"), "test", "pass"),
    PairVideo(1308, ("agouti", "agouti"), "test", "follow"),
)


@dataclass(frozen=True)
class RingRecording:
    """Six views: ``seed`` draws room and cameras, ``motion_seed`` the animal's motion.

    ``images``: a picture every so many frames, none for 0. ``states``: (name, seconds) of the bouts, drawn where empty.
    """

    seed: int
    motion_seed: int
    coat: str
    frames: int
    images: int
    post: bool = False
    states: tuple = ()


RING_SIZE = (112, 128)
SIX = {
    "train": RingRecording(1201, 1238, "hooded", 3600, 0),
    "test": RingRecording(1201, 1292, "hooded", 900, 10),
}
# Half a second of the first bout is dropped by the planner, so that the clip shows each of them for a while.
CLIP = RingRecording(
    1901,
    1902,
    "siamese",
    300,
    1,
    post=True,
    states=(
        ("walk", 1.8),
        ("sniff", 1.1),
        ("rear", 1.6),
        ("turn", 1.0),
        ("walk", 1.1),
        ("crouch", 1.0),
        ("stretch", 0.8),
        ("groom", 1.6),
        ("still", 0.5),
    ),
)
PRETRAINING_SIZE = (128, 160)
PRETRAINING_SEEDS = range(2001, 2101)
PRETRAINING_HELD_OUT = range(2096, 2101)  # on these the pre-trained network is tried, not trained
PRETRAINING_VIEWS = 48  # pictures of each seed: two rooms and rats
# Coats that pre-training must not show: the capstone's, and those of the side view's validation and test that its train
# split lacks, or "unseen coats" would not be unseen by a network that starts from the released weights.
PRETRAINING_WITHOUT = ("siamese", "berkshire", "patched")

# Rooms that a detector for the ring of cameras learns from: every coat but the capstone's three times, once behind a post.
LABEL_COATS = ("agouti", "white", "hooded", "grey", "black", "fawn", "berkshire", "patched")
LABEL_SEEDS = range(5001, 5025)
LABEL_HELD_OUT = range(5025, 5029)  # rooms in which the settings of the training were chosen


def label_room(seed):
    """The `RingRecording` of a seed of `LABEL_SEEDS` or `LABEL_HELD_OUT`: ten moments of fifteen seconds."""
    number = seed - LABEL_SEEDS.start
    coat = LABEL_COATS[number % len(LABEL_COATS)]
    return RingRecording(seed, seed, coat, 450, 45, post=number % 3 == 0)


DETECTOR_SEEDS = (0, 1, 2)
PAIR_DETECTOR_SEEDS = (50, 51, 52, 53)  # of the folds of `posekit.data.PAIR_FOLDS`
# Every so many time steps the detectors look: always but where their noise is learned from, which wants many poses.
DETECTED = {"six_test": 1, "six_train": 12, "clip": 1}
