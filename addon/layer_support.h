#pragma once

#include <string>

namespace bdreader {

/** @return whether this build of ncnn can make a layer of the type; without it a graph with one cannot be
 * loaded */
bool isKnownLayer(const std::string& type);

}  // namespace bdreader
