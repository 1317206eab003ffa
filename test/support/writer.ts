/**
 * Writers in Python that keep their connections, as Dify does: three at a time, each one row after another into table "written" (n int). They print
 * "wrote N." and "failed: REASON", and go on. Environment: libpq's variables.
 */
export const writer = `import itertools, psycopg2, threading, time
numbers = itertools.count(1)
said = threading.Lock()
def say(text):
    with said: print(text.replace("\\n", " "), flush=True)
def write():
    connection = None
    while True:
        try:
            if connection is None:
                connection = psycopg2.connect("")
                connection.autocommit = True
            n = next(numbers)
            connection.cursor().execute("INSERT INTO written VALUES (%s)", [n])
            say(f"wrote {n}.")
        except psycopg2.Error as reason:
            say(f"failed: {reason}")
            connection = None
        time.sleep(0.05)
for _ in range(3): threading.Thread(target=write).start()
`;
