-- Puts ARGV[3], which begins with its expiry, in the place of the value ARGV[2] in KEYS[1], if it is
-- there and has not expired at ARGV[1]; keeps it for ARGV[4] milliseconds. Answers whether it did.
local stored = redis.call('GET', KEYS[1])
if not stored or string.sub(stored, 17) ~= ARGV[2]
    or tonumber(string.sub(stored, 1, 16)) <= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1
