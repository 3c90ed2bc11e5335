#version 330 core
// Widens a line to a band of constant width in pixels.

layout(location = 0) in vec3 from;
layout(location = 1) in vec3 to;
layout(location = 2) in vec2 end_and_side;

uniform mat4 mvp;
uniform vec2 viewport;
uniform float half_width;

void main() {
  vec4 a = mvp * vec4(from, 1.0);
  vec4 b = mvp * vec4(to, 1.0);
  vec2 along = normalize((b.xy / b.w - a.xy / a.w) * viewport + vec2(1.0e-6, 0.0));
  vec4 here = end_and_side.x < 0.5 ? a : b;
  here.xy += vec2(-along.y, along.x) * end_and_side.y * half_width * 2.0 / viewport * here.w;
  here.z -= 0.002 * here.w;  // in front of the faces whose edges it draws
  gl_Position = here;
}
