# ... an unknown method does.
>>>
FETCH /old
=== requests
bad
=== responses
