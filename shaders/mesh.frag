#version 330 core
// The surface in 3D: the map's tints and contour lines under a soft light.

in vec3 face;
in vec2 level;

uniform sampler2D tints;
uniform vec2 tint_low_and_scale;
uniform float lines_per_unit;
uniform float first_line;
uniform vec3 line_colour;
uniform vec2 minor_half_width_and_alpha;
uniform vec2 major_half_width_and_alpha;
uniform float pixel_scale;
uniform vec2 hillshade;  // gain where lit, loss where not
uniform vec3 light;
uniform vec3 eye;
uniform vec3 side_colour;
uniform vec3 ground_colour;

out vec4 colour;

void main() {
  vec3 tint = texture(tints, vec2((level.x - tint_low_and_scale.x) * tint_low_and_scale.y, 0.5)).rgb;
  vec3 n = normalize(face);
  // How much brighter or darker than level ground.
  float lit = (dot(n, light) - light.z) * 1.3;
  if (level.y > 0.5) {
    // Cut faces: the tint of the edge above, faded into the ground, quiet.
    vec3 cut = mix(tint, ground_colour, 0.45);
    colour = vec4(cut * (1.0 + 0.5 * dot(n, light) * (hillshade.x + hillshade.y)), 1.0);
    return;
  }
  lit = clamp(lit, -1.0, 1.0);
  vec3 ground = tint * (1.0 + lit * (lit > 0.0 ? hillshade.x : hillshade.y) * 1.6);

  float line = level.x * lines_per_unit;
  float slope = max(length(vec2(dFdx(line), dFdy(line))), 1.0e-6);
  float nearest = floor(line + 0.5);
  bool major = mod(nearest, 4.0) == 0.0;
  vec2 look = major ? major_half_width_and_alpha : minor_half_width_and_alpha;
  float gap = (major ? 4.0 : 1.0) / (slope * pixel_scale);
  float inside = 1.0 - smoothstep(look.x - 0.7, look.x + 0.7, abs(line - nearest) / slope);
  float alpha = nearest < first_line ? 0.0 : inside * look.y * smoothstep(2.5, 6.0, gap);
  colour = vec4(mix(ground, line_colour, alpha), 1.0);
}
