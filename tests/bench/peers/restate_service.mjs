// Restate: a service of three durable steps in a process of its own.
//     node restate_service.mjs PORT
// The SDK uses a function that Node 20 does not have yet.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
};
const restate = await import("@restatedev/restate-sdk");

const add = async (input) => ({ n: input.n + 1 });

const three = restate.service({
  name: "three",
  handlers: {
    run: async (ctx, input) => {
      const a = await ctx.run("a", () => add({ n: input.n }));
      const b = await ctx.run("b", () => add({ n: a.n }));
      return await ctx.run("c", () => add({ n: b.n }));
    },
  },
});

await restate.serve({ services: [three], port: Number(process.argv[2]) });
