/** Permissions as a nats-server reads them. */
import type { JobPermissions, Role, RolePermissions } from './permissions.ts';

/** An `authorization` block; the passwords are variables of the server's environment. */
export function permissionsConfig({ job, roles, notes }: JobPermissions, wanted: readonly Role[]): string {
  return [
    `# What the processes of job ${job} need, and no more. Each has its replies to itself: start it with the --inbox-prefix of its role.`,
    ...notes.map((note) => `# ${note}`),
    'authorization {',
    '  users: [',
    ...wanted.map((role) => userOf(job, role, roles[role])),
    '  ]',
    '}',
  ].join('\n');
}

function userOf(job: string, role: Role, { inboxPrefix, publish, subscribe }: RolePermissions): string {
  return [
    `    { # --inbox-prefix ${inboxPrefix}`,
    `      user: ${quoted(`${job}-${role}`)}`,
    `      password: $${role.toUpperCase()}_PASSWORD`,
    '      permissions: {',
    `        publish: { allow: [`,
    ...publish.map((subject) => `          ${quoted(subject)}`),
    '        ] }',
    `        subscribe: { allow: [`,
    ...subscribe.map((subject) => `          ${quoted(subject)}`),
    '        ] }',
    '      }',
    '    }',
  ].join('\n');
}

const quoted = (text: string): string => JSON.stringify(text);
