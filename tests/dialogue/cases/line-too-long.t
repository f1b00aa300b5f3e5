# Start line, field line and fold cut at 32 bytes; the version survives the cut.
line_bytes 32
>>>
GET /012345678901234567890123456789 HTTP/1.1
A: 12345678901234567890123456789
B: 123456789012345678901234567890
C: 1234567890123456789
  abcdef
  ghijkl
D: x

=== requests
start "GET" "/012345678901234567890123456" "HTTP/1.1" 1.1
header "A" "12345678901234567890123456789"
header "B" "12345678901234567890123456789"
header "C" "1234567890123456789 abcdef gh"
header "D" "x"
head-end none
end 0-167 OBS_FOLD LINE_TOO_LONG
=== responses
