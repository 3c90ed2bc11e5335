#version 330 core

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 level_and_side;

uniform mat4 mvp;

out vec3 face;
out vec2 level;  // coordinate; 1 on the cut faces

void main() {
  face = normal;
  level = level_and_side;
  gl_Position = mvp * vec4(position, 1.0);
}
