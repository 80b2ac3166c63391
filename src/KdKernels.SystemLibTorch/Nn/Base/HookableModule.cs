namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A module whose <c>call</c> runs functions before and after <c>forward</c>, in the order of registration.</summary>
        public class HookableModule<TPreHook, TPostHook> : Module
        {
            /// <summary>Hooks that see, and may replace, the input.</summary>
            protected Dictionary<string, TPreHook> pre_hooks = new(StringComparer.Ordinal);

            /// <summary>Hooks that see, and may replace, the result.</summary>
            protected Dictionary<string, TPostHook> post_hooks = new(StringComparer.Ordinal);

            /// <summary>Hooks that see only the module, before.</summary>
            protected Dictionary<string, Action<Module>> module_pre_hooks = new(StringComparer.Ordinal);

            /// <summary>Hooks that see only the module, after.</summary>
            protected Dictionary<string, Action<Module>> module_post_hooks = new(StringComparer.Ordinal);

            /// <summary>Starts a module without hooks.</summary>
            protected HookableModule(string name)
                : base(name)
            {
            }

            /// <summary>Adds a hook that runs after forward; what it returns replaces the result, unless it is null.</summary>
            /// <remarks>
            /// <see cref="Modules.Sequential"/> disposes the intermediate results that it passes on: a hook that keeps one must keep an alias.
            /// </remarks>
            public HookRemover register_forward_hook(TPostHook hook) => Add(post_hooks, hook);

            /// <summary>Adds a hook that runs before forward; what it returns replaces the input, unless it is null.</summary>
            public HookRemover register_forward_pre_hook(TPreHook hook) => Add(pre_hooks, hook);

            /// <summary>Adds a hook that runs after forward and after the hooks that see the result.</summary>
            public HookRemover register_forward_hook(Action<Module> hook) => Add(module_post_hooks, hook);

            /// <summary>Adds a hook that runs before forward and before the hooks that see the input.</summary>
            public HookRemover register_forward_pre_hook(Action<Module> hook) => Add(module_pre_hooks, hook);

            private protected void RunBefore()
            {
                foreach (Action<Module> hook in module_pre_hooks.Values) hook(this);
            }

            private protected void RunAfter()
            {
                foreach (Action<Module> hook in module_post_hooks.Values) hook(this);
            }

            private HookRemover Add<T>(Dictionary<string, T> hooks, T hook)
            {
                string key = Guid.NewGuid().ToString();
                hooks.Add(key, hook);
                return new HookRemover(this, key);
            }

            private void Remove(string key)
            {
                pre_hooks.Remove(key);
                post_hooks.Remove(key);
                module_pre_hooks.Remove(key);
                module_post_hooks.Remove(key);
            }

            /// <summary>Takes one hook away again.</summary>
            public class HookRemover(HookableModule<TPreHook, TPostHook> module, string key)
            {
                /// <summary>Takes the hook away; a second call does nothing.</summary>
                public void remove() => module.Remove(key);
            }
        }
    }
}
