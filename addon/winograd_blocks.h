#pragma once

#include "direct_rows.h"

namespace bdreader {

/** @return batches of 4 x 4 pixels that make up the target; the blocks of one share what is read of the
 * weights */
int winogradBatches(const DirectWork& work);

/** @return floats of the room that a thread needs for convolveBatch */
size_t winogradRoomFloats(const DirectWork& work);

/**
 * Computes one batch of blocks by Winograd's minimal filtering, F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms
 * for Convolutional Neural Networks", 2016): transformed source pixels, which all target channels need, are
 * kept in the second cache, and products of some target channels at a time transformed back at once, so that
 * neither goes to memory.
 *
 * @param work a 3x3 convolution with stride 1 of packed channels, its weights from winogradWeights
 * @param room for winogradRoomFloats floats
 */
void convolveBatch(const DirectWork& work, int batch, float* room);

}  // namespace bdreader
