#include "graph_text.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace bdreader {

int GraphLine::get(int parameter, int byDefault) const {
    const auto found = params.find(parameter);
    return found == params.end() ? byDefault : std::atoi(found->second.c_str());
}

std::vector<GraphLine> readGraph(const std::string& path) {
    std::ifstream file(path);
    std::string text;
    // The magic number, and how many layers and blobs follow.
    if (!std::getline(file, text) || !std::getline(file, text)) return {};
    std::vector<GraphLine> lines;
    while (std::getline(file, text)) {
        std::istringstream words(text);
        GraphLine line;
        size_t sources = 0;
        size_t targets = 0;
        if (!(words >> line.type >> line.name)) continue;
        if (!(words >> sources >> targets)) return {};
        std::string word;
        for (size_t i = 0; i < sources + targets; i++) {
            if (!(words >> word)) return {};
        }
        while (words >> word) {
            const size_t equals = word.find('=');
            if (equals == std::string::npos) return {};
            line.params[std::atoi(word.c_str())] = word.substr(equals + 1);
        }
        lines.push_back(line);
    }
    return lines;
}

}  // namespace bdreader
