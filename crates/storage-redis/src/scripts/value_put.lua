-- Keeps in KEYS[1] the value ARGV[1], which begins with its expiry, for ARGV[2] milliseconds.
return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
