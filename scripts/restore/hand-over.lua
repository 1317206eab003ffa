-- Sends all keys of a database to another server, with the times at which they end. ARGV: host, port, database, password of that server.
local host, port, db, password = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
redis.call('SELECT', db)
local cursor = '0'
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', 500)
  cursor = page[1]
  if #page[2] > 0 then
    redis.call('MIGRATE', host, port, '', db, 60000, 'COPY', 'REPLACE', 'AUTH', password, 'KEYS', unpack(page[2]))
  end
until cursor == '0'
return 'OK'
