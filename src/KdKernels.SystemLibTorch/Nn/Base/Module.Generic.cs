namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Something that can be called with one argument.</summary>
        public interface IModule<T, TResult>
        {
            /// <summary>Runs the module with its hooks.</summary>
            TResult call(T input1);
        }

        /// <summary>Something that can be called with two arguments.</summary>
        public interface IModule<T1, T2, TResult>
        {
            /// <summary>Runs the module with its hooks.</summary>
            TResult call(T1 input1, T2 input2);
        }

        /// <summary>Something that can be called with three arguments.</summary>
        public interface IModule<T1, T2, T3, TResult>
        {
            /// <summary>Runs the module with its hooks.</summary>
            TResult call(T1 input1, T2 input2, T3 input3);
        }

        /// <summary>Something that can be called with four arguments.</summary>
        public interface IModule<T1, T2, T3, T4, TResult>
        {
            /// <summary>Runs the module with its hooks.</summary>
            TResult call(T1 input1, T2 input2, T3 input3, T4 input4);
        }

        /// <summary>A module of one argument.</summary>
        public abstract class Module<T, TResult>
            : HookableModule<Func<Module<T, TResult>, T, T>, Func<Module<T, TResult>, T, TResult, TResult>>,
              IModule<T, TResult>
        {
            /// <summary>Starts a module.</summary>
            protected Module(string name)
                : base(name)
            {
            }

            /// <summary>What the module computes. Invoke it through <see cref="call"/>, which runs the hooks.</summary>
            public abstract TResult forward(T input);

            /// <summary>Runs the module with its hooks.</summary>
            public TResult call(T input)
            {
                RunBefore();
                foreach (var hook in pre_hooks.Values)
                {
                    if (hook(this, input) is { } replacement) input = replacement;
                }
                TResult result = forward(input);
                foreach (var hook in post_hooks.Values)
                {
                    if (hook(this, input, result) is { } replacement) result = replacement;
                }
                RunAfter();
                return result;
            }
        }

        /// <summary>A module of two arguments.</summary>
        public abstract class Module<T1, T2, TResult>
            : HookableModule<
                  Func<Module<T1, T2, TResult>, T1, T2, (T1, T2)?>,
                  Func<Module<T1, T2, TResult>, T1, T2, TResult, TResult>>,
              IModule<T1, T2, TResult>
        {
            /// <summary>Starts a module.</summary>
            protected Module(string name)
                : base(name)
            {
            }

            /// <summary>What the module computes. Invoke it through <see cref="call"/>, which runs the hooks.</summary>
            public abstract TResult forward(T1 input1, T2 input2);

            /// <summary>Runs the module with its hooks.</summary>
            public TResult call(T1 input1, T2 input2)
            {
                RunBefore();
                foreach (var hook in pre_hooks.Values)
                {
                    if (hook(this, input1, input2) is var (first, second)) (input1, input2) = (first, second);
                }
                TResult result = forward(input1, input2);
                foreach (var hook in post_hooks.Values)
                {
                    if (hook(this, input1, input2, result) is { } replacement) result = replacement;
                }
                RunAfter();
                return result;
            }
        }

        /// <summary>A module of three arguments.</summary>
        public abstract class Module<T1, T2, T3, TResult>
            : HookableModule<
                  Func<Module<T1, T2, T3, TResult>, T1, T2, T3, (T1, T2, T3)?>,
                  Func<Module<T1, T2, T3, TResult>, T1, T2, T3, TResult, TResult>>,
              IModule<T1, T2, T3, TResult>
        {
            /// <summary>Starts a module.</summary>
            protected Module(string name)
                : base(name)
            {
            }

            /// <summary>What the module computes. Invoke it through <see cref="call"/>, which runs the hooks.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3);

            /// <summary>Runs the module with its hooks.</summary>
            public TResult call(T1 input1, T2 input2, T3 input3)
            {
                RunBefore();
                foreach (var hook in pre_hooks.Values)
                {
                    if (hook(this, input1, input2, input3) is var (first, second, third))
                        (input1, input2, input3) = (first, second, third);
                }
                TResult result = forward(input1, input2, input3);
                foreach (var hook in post_hooks.Values)
                {
                    if (hook(this, input1, input2, input3, result) is { } replacement) result = replacement;
                }
                RunAfter();
                return result;
            }
        }

        /// <summary>A module of four arguments.</summary>
        public abstract class Module<T1, T2, T3, T4, TResult>
            : HookableModule<
                  Func<Module<T1, T2, T3, T4, TResult>, T1, T2, T3, T4, (T1, T2, T3, T4)?>,
                  Func<Module<T1, T2, T3, T4, TResult>, T1, T2, T3, T4, TResult, TResult>>,
              IModule<T1, T2, T3, T4, TResult>
        {
            /// <summary>Starts a module.</summary>
            protected Module(string name)
                : base(name)
            {
            }

            /// <summary>What the module computes. Invoke it through <see cref="call"/>, which runs the hooks.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3, T4 input4);

            /// <summary>Runs the module with its hooks.</summary>
            public TResult call(T1 input1, T2 input2, T3 input3, T4 input4)
            {
                RunBefore();
                foreach (var hook in pre_hooks.Values)
                {
                    if (hook(this, input1, input2, input3, input4) is var (first, second, third, fourth))
                        (input1, input2, input3, input4) = (first, second, third, fourth);
                }
                TResult result = forward(input1, input2, input3, input4);
                foreach (var hook in post_hooks.Values)
                {
                    if (hook(this, input1, input2, input3, input4, result) is { } replacement) result = replacement;
                }
                RunAfter();
                return result;
            }
        }
    }
}
