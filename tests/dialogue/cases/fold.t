# Folded fields: joined by one space, white space around the fold dropped.
>>>
GET / HTTP/1.1
A: one  
  two
\tthree
B: x

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "one two three"
header "B" "x"
head-end none
end 0-49 OBS_FOLD
=== responses
