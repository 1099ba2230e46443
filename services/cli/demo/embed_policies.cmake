# cmake -DFOLDER=deploy/policies -DOUT=policy_files.cc -P embed_policies.cmake
# Writes the folder's JSON files into a C++ source, as raw strings.
file(GLOB files ${FOLDER}/*.json)
list(SORT files)
set(entries "")
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME)
  file(READ ${file} text)
  string(APPEND entries "    {\"${name}\", R\"KEFU(${text})KEFU\"},\n")
endforeach()
file(WRITE ${OUT} "#include \"services/cli/demo/policy_files.h\"

namespace kefu::cli {

const std::vector<PolicyFile>& PolicyFiles() {
  static const std::vector<PolicyFile> files = {
${entries}  };
  return files;
}

}  // namespace kefu::cli
")
