#version 330 core
// A topographic map: tint by level, hillshade from the upper left, contour lines. One texel of
// `levels` per pixel, in units of contour lines, so everything is worked out from the pixel and its neighbours.

uniform sampler2D levels;
uniform sampler2D tints;
uniform vec2 tint_low_and_scale;
uniform float first_line;
uniform vec3 line_colour;
uniform vec2 minor_half_width_and_alpha;
uniform vec2 major_half_width_and_alpha;
uniform float pixel_scale;
uniform vec2 hillshade;  // gain where lit, loss where not
uniform float slope_scale;
uniform vec3 empty_colour;
uniform vec3 hatch_colour;

out vec4 colour;

const float kEmpty = -1.0e38;

vec3 hatched() {
  float across = mod(gl_FragCoord.x + gl_FragCoord.y, 9.0 * pixel_scale) - 4.5 * pixel_scale;
  float stroke = clamp(pixel_scale * 0.7 + 0.5 - abs(across) * 0.7071, 0.0, 1.0);
  return mix(empty_colour, hatch_colour, stroke);
}

// How much of a pixel at distance d (pixels) from its middle a line covers.
float coverage(float d, float half_width) {
  return 1.0 - smoothstep(half_width - 0.7, half_width + 0.7, d);
}

// One line: its index, the way to it in levels and the slope (levels per pixel) towards it, and
// how dense lines are here (levels per pixel).
float line_alpha(float index, float way, float slope, float density) {
  if (index < first_line || slope < 1.0e-5) return 0.0;
  bool major = mod(index, 4.0) == 0.0;
  vec2 look = major ? major_half_width_and_alpha : minor_half_width_and_alpha;
  // Pixels from line to line; strong lines count as closer than they are, since they weigh more.
  float gap = (major ? 2.7 : 1.0) / (density * pixel_scale);
  return coverage(way / slope, look.x) * look.y * smoothstep(2.5, 6.0, gap);
}

void main() {
  ivec2 last = textureSize(levels, 0) - 1;
  ivec2 here = ivec2(gl_FragCoord.xy);
  int west = max(here.x - 1, 0), east = min(here.x + 1, last.x);
  int south = max(here.y - 1, 0), north = min(here.y + 1, last.y);
  float c = texelFetch(levels, here, 0).r;
  if (c < kEmpty) {
    colour = vec4(hatched(), 1.0);
    return;
  }
  vec4 n = vec4(texelFetch(levels, ivec2(west, here.y), 0).r, texelFetch(levels, ivec2(east, here.y), 0).r,
                texelFetch(levels, ivec2(here.x, south), 0).r, texelFetch(levels, ivec2(here.x, north), 0).r);
  n = mix(n, vec4(c), lessThan(n, vec4(kEmpty)));  // a hole has no slope

  vec2 reach = max(vec2(east - west, north - south), 1.0);
  vec2 g = (n.yw - n.xz) / reach * slope_scale;
  float lit = dot(g, vec2(0.7071, -0.7071)) / sqrt(1.0 + dot(g, g));

  vec3 ground = texture(tints, vec2((c - tint_low_and_scale.x) * tint_low_and_scale.y, 0.5)).rgb;
  // Shade is a little cooler than light, as under an open sky.
  ground *= 1.0 + lit * (lit > 0.0 ? vec3(hillshade.x) : hillshade.y * vec3(1.1, 1.0, 0.8));

  // Distance to the line below and to the line above. The slope towards a line is taken on the
  // side where the line is (upwind), not across the pixel: at the bottom of a valley or at a kink
  // a central difference vanishes, and lines would break or blot there.
  vec4 rise = n - c;
  vec2 up = max(max(rise.xz, rise.yw), 0.0);
  vec2 down = max(max(-rise.xz, -rise.yw), 0.0);
  // Where both sides rise or both fall the lines of the two sides come together: they fade sooner.
  vec2 meet = max(min(rise.xz, rise.yw), 0.0) + max(min(-rise.xz, -rise.yw), 0.0);
  float density = length(max(up, down) + 2.0 * meet);
  float below = floor(c);
  float alpha = max(line_alpha(below, c - below, length(down), density),
                    line_alpha(below + 1.0, below + 1.0 - c, length(up), density));
  colour = vec4(mix(ground, line_colour, alpha), 1.0);
}
