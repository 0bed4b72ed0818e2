/** On a GPU one lane's pixels cross the bus while the other one's network runs. */
export const GPU_LANES = 2;

/** The next image's tiles fill the cores that the last tiles of one leave idle. */
export const CPU_IMAGES = 2;

/** Images that an engine works on at a time, on whatever device. */
export const MOST_LANES = Math.max(GPU_LANES, CPU_IMAGES);
