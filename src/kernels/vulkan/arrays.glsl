// Arrays of the device's memory, as arguments point at them.
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Floats { float at[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Integers { int at[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Words { uint at[]; };
layout(buffer_reference, scalar, buffer_reference_align = 2) buffer Halves { uint16_t at[]; };
layout(buffer_reference, scalar, buffer_reference_align = 1) buffer Bytes { uint8_t at[]; };
layout(buffer_reference, scalar, buffer_reference_align = 1) buffer SignedBytes { int8_t at[]; };

// From an element on, however far it is.
Floats from(Floats x, int64_t element) { return Floats(uint64_t(x) + uint64_t(4l * element)); }
Integers integers_from(Integers x, int64_t element) { return Integers(uint64_t(x) + uint64_t(4l * element)); }
bool is_null(uint64_t address) { return address == 0ul; }

int quotient_up(int a, int b) { return (a + b - 1) / b; }
