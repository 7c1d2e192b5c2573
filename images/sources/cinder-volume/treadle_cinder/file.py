"""Volumes that are sparse files in a folder of the node: no kernel module, no iSCSI, no privileges.

A volume can be attached only on the node that holds it (os-brick's connector "local").
"""

import os
import shutil
from pathlib import Path

from cinder import exception, interface
from cinder.image import image_utils
from cinder.volume import configuration, driver
from oslo_concurrency import processutils
from oslo_config import cfg
from oslo_log import log as logging
from oslo_utils import units

LOG = logging.getLogger(__name__)

OPTIONS = [
    cfg.StrOpt("file_directory", default="$state_path/file-volumes", help="Folder that holds the volumes' files."),
    cfg.IntOpt("file_capacity_gb", min=0, default=0,
               help="What the folder may hold, in GiB; 0 means what its file system has."),
]

cfg.CONF.register_opts(OPTIONS, group=configuration.SHARED_CONF_GROUP)


@interface.volumedriver
class FileDriver(driver.VolumeDriver):
    """One sparse file a volume or snapshot."""

    VERSION = "1.0.0"
    CI_WIKI_NAME = "none"
    SUPPORTED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.configuration.append_config_values(OPTIONS)

    @classmethod
    def get_driver_options(cls):
        return OPTIONS

    def do_setup(self, context):  # noqa: ARG002, Cinder's signature
        Path(self.configuration.file_directory).mkdir(mode=0o750, parents=True, exist_ok=True)

    def check_for_setup_error(self):
        folder = self.configuration.file_directory
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise exception.VolumeBackendAPIException(data=f"{folder} is not a folder that cinder can write to")

    def local_path(self, volume):
        return str(Path(self.configuration.file_directory, volume["name"]))

    def create_volume(self, volume):
        self._grow(self.local_path(volume), volume["size"])

    def delete_volume(self, volume):
        self._remove(self.local_path(volume))

    def extend_volume(self, volume, new_size):
        self._grow(self.local_path(volume), new_size)

    def create_snapshot(self, snapshot):
        self._copy(self.local_path(snapshot.volume), self.local_path(snapshot))

    def delete_snapshot(self, snapshot):
        self._remove(self.local_path(snapshot))

    def create_volume_from_snapshot(self, volume, snapshot):
        self._copy(self.local_path(snapshot), self.local_path(volume))
        self._grow(self.local_path(volume), volume["size"])

    def create_cloned_volume(self, volume, src_vref):
        self._copy(self.local_path(src_vref), self.local_path(volume))
        self._grow(self.local_path(volume), volume["size"])

    def copy_image_to_volume(self, context, volume, image_service, image_id, disable_sparse=False):
        image_utils.fetch_to_raw(context, image_service, image_id, self.local_path(volume),
                                 self.configuration.volume_dd_blocksize, size=volume["size"],
                                 disable_sparse=disable_sparse)
        self._grow(self.local_path(volume), volume["size"])

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        image_utils.upload_volume(context, image_service, image_meta, self.local_path(volume), volume,
                                  run_as_root=False)

    def initialize_connection(self, volume, connector):  # noqa: ARG002, Cinder's signature
        return {"driver_volume_type": "local", "data": {"device_path": self.local_path(volume), "volume_id": volume.id}}

    def terminate_connection(self, volume, connector, **kwargs):
        """Nothing was opened."""

    def create_export(self, context, volume, connector):
        """A file needs none."""

    def ensure_export(self, context, volume):
        """A file needs none."""

    def remove_export(self, context, volume):
        """A file needs none."""

    def _update_volume_stats(self):
        disk = shutil.disk_usage(self.configuration.file_directory)
        total, free = disk.total / units.Gi, disk.free / units.Gi
        limit = self.configuration.file_capacity_gb
        if limit:
            used = sum(file.stat().st_size for file in Path(self.configuration.file_directory).iterdir()) / units.Gi
            total, free = limit, max(0, min(free, limit - used))
        self._stats = {
            "volume_backend_name": self.configuration.safe_get("volume_backend_name") or "file",
            "vendor_name": "Treadle", "driver_version": self.VERSION, "storage_protocol": "local",
            "total_capacity_gb": round(total, 2), "free_capacity_gb": round(free, 2),
            "reserved_percentage": self.configuration.reserved_percentage,
            "max_over_subscription_ratio": self.configuration.max_over_subscription_ratio,
            "thin_provisioning_support": True, "multiattach": False,
        }

    @staticmethod
    def _grow(path, size):
        """Never shrinks: ``size`` is in GiB."""
        with Path(path).open("ab") as file:
            file.truncate(max(os.fstat(file.fileno()).st_size, size * units.Gi))

    @staticmethod
    def _copy(source, target):
        processutils.execute("cp", "--sparse=always", "--reflink=auto", source, target)

    @staticmethod
    def _remove(path):
        try:
            Path(path).unlink()
        except FileNotFoundError:
            LOG.warning("%s was gone already", path)
