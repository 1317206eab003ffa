-- What HAProxy before Postgres cannot say in its configuration. It loads this with the longest time that a connection waits in seconds,
-- and the domain of Patroni's members.
--
-- Holds a connection while there is nobody to take it, in place of refusing it. Two actions, each with the name of a backend:
--   await_server   until one of its servers is up
--   await_primary  until one of them says, asked now, that it is primary and takes queries: its name is then in txn.server
-- A health check may be a second old, and before its first one each server counts as up. A primary that is being stopped still
-- accepts connections and answers with an error, upon which PgBouncer refuses every client until a login succeeds.
--
-- Ends the connections to a pooler that does not answer its checks, but not to one that refuses them: that one lives, and ends by itself
-- when its last transaction has. "on-marked-down shutdown-sessions" would cut both, and "tcp-ut", which would find out the dead by
-- itself, HAProxy takes of servers with a fixed address alone.
local patience, domain = tonumber((select(1, ...))), (select(2, ...))
local pause = 100 -- Milliseconds between two looks.

local function servers_up(backend)
    local up = {}
    for name, server in pairs(core.backends[backend].servers) do
        local stats = server:get_stats()
        if stats.bck == 0 and stats.status:sub(1, 2) == "UP" then up[name] = server end
    end
    return up
end

local function is_primary(name, server)
    local address = server:get_addr():match("^(.*):%d+$")
    if not address then return false end
    local answer = core.httpclient():get({
        url = "https://" .. address .. ":8008/primary",
        headers = { host = { name .. "." .. domain } },
        timeout = 1000,
    })
    -- 200 says that it has the lock. What it says of itself comes from Postgres, which only reads until its promotion has ended.
    return answer ~= nil and answer.status == 200 and answer.body ~= nil
        and answer.body:find('"state": "running"', 1, true) ~= nil
        and answer.body:find('"role": "primary"', 1, true) ~= nil
end

local function seconds()
    local now = core.now()
    return now.sec + now.usec / 1000000
end

local function await(find)
    local waited, last = 0, seconds()
    while waited < patience do
        local server = find()
        if server then return server end
        core.msleep(pause)
        -- When the machine's clock steps, that is no time that passed.
        local now = seconds()
        waited = waited + math.min(math.max(now - last, pause / 1000), 2)
        last = now
    end
end

core.register_action("await_server", { "tcp-req" }, function(txn, backend)
    local found = await(function() return next(servers_up(backend)) end)
    if not found then return act.DENY end
end, 1)

core.register_action("await_primary", { "tcp-req" }, function(txn, backend)
    local primary = await(function()
        for name, server in pairs(servers_up(backend)) do
            if is_primary(name, server) then return name end
        end
    end)
    if not primary then return act.DENY end
    txn:set_var("txn.server", primary)
end, 1)

core.register_task(function()
    while true do
        core.msleep(pause)
        for _, server in pairs(core.backends["poolers"].servers) do
            local stats = server:get_stats()
            -- While the next check is under way, it is not told what the last one has seen.
            local checking = (stats.check_status or ""):find("*", 1, true)
            local refuses = (stats.last_chk or ""):find("refused", 1, true)
            if stats.status == "DOWN" and stats.scur > 0 and not checking and not refuses then server:shut_sess() end
        end
    end
end)
