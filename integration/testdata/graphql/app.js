'use strict';

// Apollo Server as its documentation starts it, with accounts in memory. It
// prints its port as one line of JSON and ends when its standard input does.
//
// A login that fails is an error in an answer of status 200, as GraphQL has it.

const { ApolloServer } = require('@apollo/server');
const { startStandaloneServer } = require('@apollo/server/standalone');
const { GraphQLError } = require('graphql');

const typeDefs = `#graphql
  type User { id: ID! email: String! }
  type Session { token: String! user: User! }
  type Query { me: User products(search: String): [String!]! }
  type Mutation {
    login(email: String!, password: String!): Session!
    signup(email: String!, password: String!): Session!
    logout: Boolean!
  }
`;

const users = new Map();
const sessions = new Map();

function add(email, password) {
  if (users.has(email)) {
    throw new GraphQLError('This e-mail address is already taken.', { extensions: { code: 'BAD_USER_INPUT' } });
  }
  const user = { id: users.size + 1, email, password };
  users.set(email, user);
  return user;
}

function begin(user) {
  const token = `token-${user.id}-${Math.random().toString(36).slice(2)}`;
  sessions.set(token, user);
  return { token, user };
}

const resolvers = {
  Query: {
    me: (_, args, context) => context.user,
    products: () => ['kettle', 'lamp'],
  },
  Mutation: {
    login: (_, { email, password }) => {
      const user = users.get(email);
      if (!user || user.password !== password) {
        throw new GraphQLError('Invalid e-mail or password.', { extensions: { code: 'UNAUTHENTICATED' } });
      }
      return begin(user);
    },
    signup: (_, { email, password }) => begin(add(email, password)),
    logout: (_, args, context) => sessions.delete(context.token),
  },
};

add('alice@x.test', 'right horse');
const server = new ApolloServer({ typeDefs, resolvers, allowBatchedHttpRequests: true });
startStandaloneServer(server, {
  listen: { port: 0, host: '127.0.0.1' },
  context: async ({ req }) => {
    const token = (req.headers.authorization || '').replace(/^Bearer /, '');
    return { token, user: sessions.get(token) };
  },
}).then(({ url }) => console.log(JSON.stringify({ graphql: Number(new URL(url).port) })));

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
