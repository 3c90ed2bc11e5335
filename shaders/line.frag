#version 330 core

uniform vec3 colour_in;

out vec4 colour;

void main() { colour = vec4(colour_in, 1.0); }
