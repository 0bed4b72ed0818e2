#include "tensor_check.h"

#include <string>

#include "failure.h"
#include "tile_task.h"

namespace bdreader {

void checkPlanes(const TensorShape& shape, Size size) {
    if (shape.dims == 0) throw Failure(FailureCode::kOutOfMemory, "no memory for the network's output");
    if (shape.dims != 3 || shape.channels != kChannels || shape.packing != 1) {
        throw Failure(FailureCode::kModelInvalid,
                      "expected 3 planes from the network, received " + std::to_string(shape.dims) +
                          " dimensions, " + std::to_string(shape.channels) + " channels, element size " +
                          std::to_string(shape.elementSize) + ", packing " + std::to_string(shape.packing));
    }
    if (shape.width != size.width || shape.height != size.height) {
        throw Failure(FailureCode::kModelInvalid,
                      "expected " + std::to_string(size.width) + "x" + std::to_string(size.height) +
                          " pixels from the network, received " + std::to_string(shape.width) + "x" +
                          std::to_string(shape.height));
    }
}

}  // namespace bdreader
