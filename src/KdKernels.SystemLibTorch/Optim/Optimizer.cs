using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Optimisers and learning-rate schedules.</summary>
    public static partial class optim
    {
        /// <summary>Changes parameters by their gradients, one step at a time.</summary>
        public abstract partial class Optimizer : IDisposable
        {
            /// <summary>The groups of parameters, each with its own options.</summary>
            protected IList<ParamGroup> _parameter_groups = [];

            private protected Optimizer()
            {
            }

            /// <summary>The groups as what a schedule sees of them.</summary>
            public virtual IEnumerable<ILearningRateController> ParamGroups => _parameter_groups;

            /// <summary>Adds a group; options that it leaves open are the optimiser's own.</summary>
            public virtual void add_param_group(ParamGroup param_group) => _parameter_groups.Add(param_group);

            /// <summary>Fills all gradients with zeros.</summary>
            public abstract void zero_grad();

            /// <summary>Changes every parameter that has a gradient.</summary>
            /// <param name="closure">Computes the loss, with gradients recorded, before the change.</param>
            /// <returns>What the closure returned, or null.</returns>
            public abstract Tensor? step(Func<Tensor>? closure = null);

            /// <summary>The parameters of all groups.</summary>
            public virtual IEnumerable<Parameter> parameters() => _parameter_groups.SelectMany(group => group.Parameters);

            /// <summary>Frees the optimiser's state; the parameters stay.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>The disposal that derived classes extend.</summary>
            protected virtual void Dispose(bool disposing)
            {
            }

            /// <summary>An optimiser's options and states: the objects themselves, not copies.</summary>
            public class StateDictionary
            {
                internal StateDictionary()
                {
                }

                /// <summary>The options of every group.</summary>
                public List<OptimizerOptions> Options { get; } = [];

                /// <summary>The states of all parameters, group by group.</summary>
                public List<OptimizerState> State { get; } = [];

                /// <summary>For every group, the positions of its parameters in <see cref="State"/>.</summary>
                public List<List<int>> StateIndexRef { get; } = [];
            }
        }

        /// <summary>What a schedule changes.</summary>
        public interface ILearningRateController
        {
            /// <summary>The rate of the next step.</summary>
            double LearningRate { get; set; }

            /// <summary>The rate that the group started with.</summary>
            double InitialLearningRate { get; set; }
        }

        /// <summary>Something with a momentum, which one-cycle schedules change.</summary>
        public interface IMomentum
        {
            /// <summary>The momentum of the next step.</summary>
            double Momentum { get; set; }
        }

        /// <summary>Something with Adam's two decay rates; one-cycle schedules change the first.</summary>
        public interface IBetas
        {
            /// <summary>The decay rates of the first and the second moment.</summary>
            (double, double) Betas { get; set; }
        }
    }
}
