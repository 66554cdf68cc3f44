import { diskName } from "@ais/storage/disk-rates.ts";
import type { MountpathCapacity } from "@ais/storage/types.ts";

export interface MountpathDisks extends MountpathCapacity {
  /** Empty for what is on no device, such as a share. */
  readonly disks: readonly string[];
}

export function withDisks(mountpaths: readonly MountpathCapacity[]): Promise<readonly MountpathDisks[]> {
  return Promise.all(
    mountpaths.map(async (mountpath) => {
      const disk = await diskName(mountpath.device);
      return { ...mountpath, disks: disk === null ? [] : [disk] };
    }),
  );
}

/** Each disk once, though several mountpaths may be on it. */
export function diskNames(mountpaths: readonly MountpathDisks[]): readonly string[] {
  return [...new Set(mountpaths.flatMap(({ disks }) => disks))];
}
