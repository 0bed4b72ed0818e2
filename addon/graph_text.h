#pragma once

#include <map>
#include <string>
#include <vector>

namespace bdreader {

/** A layer as ncnn's text names it. */
struct GraphLine {
    std::string type;
    std::string name;
    /** What stands behind each parameter's number, as written; arrays have numbers below -23300. */
    std::map<int, std::string> params;

    /** @return a whole number; the default where there is none */
    int get(int parameter, int byDefault) const;
    bool has(int parameter) const { return params.count(parameter) != 0; }
};

/**
 * ncnn's layers do not tell their parameters.
 *
 * @param path a .param file that ncnn has loaded
 * @return its layers in their order; none where it is not understood
 */
std::vector<GraphLine> readGraph(const std::string& path);

}  // namespace bdreader
