"""Container images, built on this machine by the real ``kolla-build``; only what is missing or out of date.

``build(names, events=...)`` and ``list_images()`` are all that a face needs. The recipes are the project's
folder ``images/``; docs/images.md says where they depart from upstream's and why.
"""

from treadle.images.build import BuildResult, ImageStatus, build, list_images
from treadle.images.kolla import ImageError

__all__ = ["BuildResult", "ImageError", "ImageStatus", "build", "list_images"]
