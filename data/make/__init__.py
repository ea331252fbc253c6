"""The scripts that make the rendered rat. ``python -m data.make --help`` from the checkout lists them."""

import os

os.environ.setdefault("MUJOCO_GL", "osmesa")  # a software renderer, which needs no display; MuJoCo reads this on import
