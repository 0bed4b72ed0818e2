/** The one ncnn release that this project builds, tests and measures with. */
export const NCNN_RELEASE = Object.freeze({
  version: "1.0.20261020",
  /** What ncnn's CMake files call the version: the day of the release. */
  cmakeVersion: "20261020",
  project: "ncnn",
  sdist: "ncnn-1.0.20261020.tar.gz",
  sha256: "ad8cdd63e9755cfa8e23b9b6d9ce46156077d80298a89e7c3ba325ffccfca200",
});

/** Oldest installed ncnn that is accepted: earlier ones write out of bounds on hostile models and lack int8 on Vulkan. */
export const OLDEST_ACCEPTED_VERSION = 20261020;
