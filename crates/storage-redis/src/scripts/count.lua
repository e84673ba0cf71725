-- Counts in KEYS[1], which is forgotten ARGV[1] milliseconds after the first time.
local count = redis.call('INCR', KEYS[1])
if count == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return count
