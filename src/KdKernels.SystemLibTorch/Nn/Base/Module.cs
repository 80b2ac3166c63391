using TorchSharp.Modules;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Neural-network building blocks.</summary>
    public static partial class nn
    {
        /// <summary>
        /// The base of every network: a tree of modules that owns parameters (trained) and buffers (state that is not trained).
        /// Fields of a derived class join the tree, under their field names, when it calls <see cref="RegisterComponents"/>.
        /// </summary>
        public partial class Module : IDisposable
        {
            /// <summary>The child modules, in the order of registration.</summary>
            protected OrderedDict<string, Module> _internal_submodules = new();

            /// <summary>The module's own buffers, each with whether <c>state_dict</c> holds it.</summary>
            protected OrderedDict<string, (Tensor, bool)> _internal_buffers = new();

            /// <summary>The module's own parameters.</summary>
            protected OrderedDict<string, Parameter> _internal_params = new();

            /// <summary>The name that the derived class gave.</summary>
            protected string? name;

            private bool _training = true;
            private bool _areComponentsRegistered;
            private bool _isDisposed;

            /// <summary>Starts a module in training mode.</summary>
            /// <param name="name">What <see cref="GetName"/> returns.</param>
            protected Module(string name)
            {
                this.name = name;
            }

            /// <summary>Whether the module is in training mode.</summary>
            public virtual bool training => _training;

            /// <summary>The module's name: the one its constructor got, else the type's.</summary>
            public virtual string GetName() => string.IsNullOrEmpty(name) ? GetType().Name : name;

            /// <summary>Puts this module and all below it into training or evaluation mode.</summary>
            public virtual void train(bool train = true)
            {
                _training = train;
                foreach (var (_, child) in named_children()) child.train(train);
            }

            /// <summary>Puts this module and all below it into evaluation mode.</summary>
            public virtual void eval() => train(false);

            /// <summary>Calls a function for every module below this one, children first, then for this one.</summary>
            public virtual Module apply(Action<Module> fn)
            {
                foreach (var (_, child) in _internal_submodules) child.apply(fn);
                fn(this);
                return this;
            }

            /// <summary>Drops the gradients of all parameters, or fills them with zeros.</summary>
            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (var (_, parameter) in named_parameters())
                {
                    using Tensor? grad = parameter.grad;
                    if (grad is null) continue;
                    if (set_to_none)
                        parameter.grad = null;
                    else
                        grad.zero_();
                }
            }

            /// <summary>Frees the parameters and buffers of this module and of every module below it.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>The disposal that derived classes extend.</summary>
            protected virtual void Dispose(bool disposing)
            {
                if (!disposing || _isDisposed) return;
                _isDisposed = true;
                foreach (var (_, buffer) in _internal_buffers) buffer.Item1.DetachFromDisposeScope().Dispose();
                foreach (var (_, parameter) in _internal_params) parameter.DetachFromDisposeScope().Dispose();
                foreach (var (_, module) in named_modules()) module.Dispose();
            }
        }
    }
}
