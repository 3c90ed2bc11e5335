#version 330 core
// The surface in 3D: tinted and lit ground with contour lines of constant width in pixels.

in vec3 ground;
in float line;

uniform float first_line;
uniform vec3 line_colour;
uniform vec2 minor_half_width_and_alpha;
uniform vec2 major_half_width_and_alpha;
uniform float pixel_scale;

out vec4 colour;

void main() {
  float slope = length(vec2(dFdx(line), dFdy(line)));
  float nearest = floor(line + 0.5);
  float quarter = nearest * 0.25;
  bool major = quarter == floor(quarter);
  vec2 look = major ? major_half_width_and_alpha : minor_half_width_and_alpha;
  // A plain that lies at the height of a line is not all line.
  float inside = slope < 1.0e-4 ? 0.0 : clamp(look.x + 0.5 - abs(line - nearest) / slope, 0.0, 1.0);
  float gap = (major ? 2.7 : 1.0) / max(slope * pixel_scale, 1.0e-6);
  float alpha = nearest < first_line ? 0.0 : inside * look.y * clamp((gap - 2.5) / 3.5, 0.0, 1.0);
  colour = vec4(mix(ground, line_colour, alpha), 1.0);
}
