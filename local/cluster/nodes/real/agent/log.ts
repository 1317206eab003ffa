/** One line for each change that the agent makes, and for each trouble that it meets. */
export const log = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);
