# Looks up what the distribution packages. Every name here is in `run` and `test` as a package too.
find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)

if(THALWEG_APP)
  find_package(PkgConfig REQUIRED)
  find_package(CLI11 REQUIRED)
  find_package(glfw3 3.3 REQUIRED)
  pkg_check_modules(EPOXY REQUIRED IMPORTED_TARGET epoxy)
  pkg_check_modules(IMGUI REQUIRED imgui)
  # Debian's package ships the GLFW and OpenGL3 back ends and imgui_stdlib in one static library.
  add_library(thalweg_imgui INTERFACE)
  target_include_directories(thalweg_imgui SYSTEM INTERFACE ${IMGUI_INCLUDE_DIRS})
  target_link_directories(thalweg_imgui INTERFACE ${IMGUI_LIBRARY_DIRS})
  target_link_libraries(thalweg_imgui INTERFACE ${IMGUI_LIBRARIES} stb glfw ${CMAKE_DL_LIBS} PkgConfig::EPOXY)
endif()
if(THALWEG_TESTS)
  find_package(GTest REQUIRED)
endif()
