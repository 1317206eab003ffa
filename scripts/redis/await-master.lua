-- Holds a client while there is no master, in place of refusing it: clients that are refused pause for longer and longer before they try
-- again, and Celery's were 8 s later than the master. HAProxy loads this with the longest time that it holds one, in seconds.
local patience = tonumber((select(1, ...)))
local pause = 100 -- Milliseconds between two looks.

local function is_up(backend)
    for _, server in pairs(core.backends[backend].servers) do
        if server:get_stats().status:sub(1, 2) == "UP" then return true end
    end
    return false
end

core.register_action("await_server", { "tcp-req" }, function(_, backend)
    for _ = 1, patience * 1000 / pause do
        if is_up(backend) then return end
        core.msleep(pause)
    end
    return act.DENY
end, 1)
