/** @type {number[]} */
const descriptors = [];

/** @returns {readonly number[]} descriptors of the locks that this process holds, to be handed to what it starts */
export function heldLocks() {
  return descriptors;
}

/** @param {number} descriptor */
export function holdLock(descriptor) {
  descriptors.push(descriptor);
}

/** @param {number} descriptor */
export function releaseLock(descriptor) {
  descriptors.splice(descriptors.indexOf(descriptor), 1);
}
