#version 330 core
// Tint and light are worked out here and not per pixel: the triangles are only a few pixels wide,
// and a software renderer spends its time on them.

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 level_and_side;

uniform mat4 mvp;
uniform sampler2D tints;
uniform vec2 tint_low_and_scale;
uniform vec2 hillshade;  // gain where lit, loss where not
uniform vec3 light;
uniform vec3 ground_colour;

out vec3 ground;
out float line;  // contour coordinate; far below every line on the cut faces

void main() {
  gl_Position = mvp * vec4(position, 1.0);
  float at = (level_and_side.x - tint_low_and_scale.x) * tint_low_and_scale.y;
  vec3 tint = texelFetch(tints, ivec2(clamp(at, 0.0, 1.0) * 255.0 + 0.5, 0), 0).rgb;
  if (level_and_side.y > 0.5) {
    // Cut faces: the tint of the edge above, faded downwards into the ground.
    float shade = 1.0 + dot(normal, light) * (hillshade.x + hillshade.y);
    ground = mix(ground_colour, tint * shade, position.z > 0.0 ? 0.75 : 0.15);
    line = -1.0e6;
    return;
  }
  // How much brighter or darker than level ground.
  float lit = clamp((dot(normal, light) - light.z) * 1.3, -1.0, 1.0);
  ground = tint * (1.0 + 1.35 * lit * (lit > 0.0 ? vec3(hillshade.x) : hillshade.y * vec3(1.1, 1.0, 0.8)));
  line = level_and_side.x;
}
