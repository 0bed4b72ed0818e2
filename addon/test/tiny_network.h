#pragma once

#include <filesystem>
#include <string>

#include "../network_options.h"

namespace bdreader::test {

/** Networks of two 3x3 convolutions that double an image; small enough to be run hundreds of times. */
enum class TinyNetwork {
    /** What the convolutions give is added to the enlarged input. */
    kResidual,
    /** The same, with channels weighted by their means over the whole image, as squeeze-and-excitation does.
     */
    kPooled,
    /** Weights of zero and nothing added: black, whatever the input. */
    kBlack,
    /** A bias that is no number. */
    kNotFinite
};

/** A folder of its own for files of a case; removed with what is in it. */
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();

    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string file(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

/**
 * Writes a network's two files into a folder, with weights from a fixed seed.
 *
 * @return options that load it onto the CPU, on one thread
 */
NetworkOptions writeNetwork(TinyNetwork kind, const TemporaryFolder& folder);

/** @throws Unexpected when the file cannot be written */
void writeFile(const std::string& path, const std::string& content);

}  // namespace bdreader::test
