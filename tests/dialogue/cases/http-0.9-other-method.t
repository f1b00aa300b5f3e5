# A known method with a target that looks like one needs no version.
>>>
POST /old
>>|
=== requests
start "POST" "/old" "" 0.9
end 0-11
eof between
=== responses
