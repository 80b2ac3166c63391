using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>Loshchilov and Hutter 2019: Adam with θ ← (1 − lr·weight_decay)·θ before each step.</summary>
public class AdamW : OptimizerHelper, IBetas
{
    /// <summary>An optimiser of one group.</summary>
    public AdamW(
        IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
    {
    }

    /// <summary>An optimiser of several groups.</summary>
    /// <param name="parameters">The groups; the other parameters are for what they leave open.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="beta1">How much of the mean gradient is kept.</param>
    /// <param name="beta2">How much of the mean squared gradient is kept.</param>
    /// <param name="eps">Added to the root of the mean square.</param>
    /// <param name="weight_decay">The factor of the decay.</param>
    /// <param name="amsgrad">Whether to divide by the largest mean square so far.</param>
    /// <param name="maximize">Whether to go up.</param>
    /// <exception cref="ArgumentException">A value out of range.</exception>
    public AdamW(
        IEnumerable<ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
    {
        OptimizerChecks.NotNegative(lr, "learning rate");
        OptimizerChecks.NotNegative(eps, "ε");
        OptimizerChecks.DecayRate(beta1, "beta1");
        OptimizerChecks.DecayRate(beta2, "beta2");
        OptimizerChecks.NotNegative(weight_decay, "weight_decay value");
        _defaults = new Options
        {
            LearningRate = lr,
            InitialLearningRate = lr,
            beta1 = beta1,
            beta2 = beta2,
            eps = eps,
            weight_decay = weight_decay,
            amsgrad = amsgrad,
            maximize = maximize,
        };
        foreach (ParamGroup group in parameters) add_param_group(group);
    }

    /// <summary>The decay rates of groups that join later.</summary>
    public (double, double) Betas
    {
        get => (((Options)_defaults).beta1!.Value, ((Options)_defaults).beta2!.Value);
        set => (((Options)_defaults).beta1, ((Options)_defaults).beta2) = value;
    }

    /// <inheritdoc/>
    public override Tensor? step(Func<Tensor>? closure = null) => _step<ParamGroup>(Step, closure);

    /// <inheritdoc/>
    public override void add_param_group(Modules.ParamGroup param_group)
    {
        var defaults = (Options)_defaults;
        var options = (Options)(param_group.Options ??= new Options());
        options.LearningRate ??= defaults.LearningRate;
        options.beta1 ??= defaults.beta1;
        options.beta2 ??= defaults.beta2;
        options.eps ??= defaults.eps;
        options.weight_decay ??= defaults.weight_decay;
        options.amsgrad ??= defaults.amsgrad;
        options.maximize ??= defaults.maximize;
        Join(param_group, parameter => new State(parameter));
    }

    private void Step(ParamGroup group)
    {
        Options options = group.Options;
        var (parameters, grads, states) = Active<State>(group);
        if (parameters.Length == 0) return;
        double rate = options.LearningRate!.Value;
        double decay = options.weight_decay!.Value;
        if (options.maximize!.Value) grads = Foreach.Neg(grads);
        if (decay != 0) Foreach.MulInPlace(parameters, 1 - rate * decay);

        Tensor[]? largest = options.amsgrad!.Value ? Array.ConvertAll(states, state => state.max_exp_avg_sq!) : null;
        new AdamMath(rate, options.beta1!.Value, options.beta2!.Value, options.eps!.Value).Apply(
            parameters, grads, Array.ConvertAll(states, state => state.exp_avg),
            Array.ConvertAll(states, state => state.exp_avg_sq), largest,
            Array.ConvertAll(states, state => ++state.step));
    }

    /// <summary>The moments of one parameter.</summary>
    public sealed class State(Parameter parameter) : OptimizerState(parameter), IDisposable
    {
        /// <summary>The number of steps taken.</summary>
        public long step;

        /// <summary>The decaying mean of the gradient.</summary>
        public Tensor exp_avg = null!;

        /// <summary>The decaying mean of the squared gradient.</summary>
        public Tensor exp_avg_sq = null!;

        /// <summary>The largest decaying mean square so far; null without AMSGrad.</summary>
        public Tensor? max_exp_avg_sq;

        /// <inheritdoc/>
        public void Dispose()
        {
            exp_avg?.Dispose();
            exp_avg_sq?.Dispose();
            max_exp_avg_sq?.Dispose();
        }

        /// <inheritdoc/>
        public override void Initialize(OptimizerOptions options)
        {
            Dispose();
            step = 0;
            exp_avg = ZerosLikeParameter();
            exp_avg_sq = ZerosLikeParameter();
            max_exp_avg_sq = ((Options)options).amsgrad!.Value ? ZerosLikeParameter() : null;
        }

        /// <inheritdoc/>
        public override void to(Device device)
        {
            Move(ref exp_avg!, device);
            Move(ref exp_avg_sq!, device);
            Move(ref max_exp_avg_sq, device);
        }

        /// <inheritdoc/>
        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            exp_avg.Save(writer);
            exp_avg_sq.Save(writer);
            SaveConditionalStateTensor(writer, max_exp_avg_sq);
        }

        /// <inheritdoc/>
        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            exp_avg.Load(reader);
            exp_avg_sq.Load(reader);
            LoadConditionalStateTensor(reader, ref max_exp_avg_sq, _parameter.device);
        }

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            step = other.step;
            Replace(ref exp_avg!, other.exp_avg);
            Replace(ref exp_avg_sq!, other.exp_avg_sq);
            Replace(ref max_exp_avg_sq, other.max_exp_avg_sq);
        }

        /// <inheritdoc/>
        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State state && step == state.step && Close(exp_avg, state.exp_avg) && Close(
                exp_avg_sq, state.exp_avg_sq)
            && Close(max_exp_avg_sq, state.max_exp_avg_sq);
    }

    /// <summary>The options of a group; what is null comes from the optimiser.</summary>
    public class Options : OptimizerOptions
    {
        /// <summary>How much of the mean gradient is kept.</summary>
        public double? beta1;

        /// <summary>How much of the mean squared gradient is kept.</summary>
        public double? beta2;

        /// <summary>The factor of the decay.</summary>
        public double? weight_decay;

        /// <summary>Added to the root of the mean square.</summary>
        public double? eps;

        /// <summary>Whether to divide by the largest mean square so far.</summary>
        public bool? amsgrad;

        /// <summary>Whether to go up.</summary>
        public bool? maximize;

        /// <inheritdoc/>
        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(beta1!.Value);
            writer.Write(beta2!.Value);
            writer.Write(eps!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(amsgrad!.Value);
            writer.Write(maximize!.Value);
        }

        /// <inheritdoc/>
        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            beta1 = reader.ReadDouble();
            beta2 = reader.ReadDouble();
            eps = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            amsgrad = reader.ReadBoolean();
            maximize = reader.ReadBoolean();
        }

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            (beta1, beta2, eps, weight_decay) = (other.beta1, other.beta2, other.eps, other.weight_decay);
            (amsgrad, maximize) = (other.amsgrad, other.maximize);
        }
    }

    /// <summary>A group of parameters with options of its own.</summary>
    public class ParamGroup : ParamGroup<Options>, IBetas
    {
        /// <summary>An empty group.</summary>
        public ParamGroup()
        {
        }

        /// <summary>A group with options.</summary>
        public ParamGroup(IEnumerable<Parameter> parameters, Options options)
            : base(parameters, options)
        {
        }

        /// <summary>A group with options.</summary>
        public ParamGroup(
            IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
            double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(
                parameters,
                new Options
                {
                    LearningRate = lr,
                    beta1 = beta1,
                    beta2 = beta2,
                    eps = eps,
                    weight_decay = weight_decay,
                    amsgrad = amsgrad,
                    maximize = maximize,
                })
        {
        }

        /// <summary>The decay rates of the next step.</summary>
        public (double, double) Betas
        {
            get => (Options.beta1!.Value, Options.beta2!.Value);
            set => (Options.beta1, Options.beta2) = value;
        }
    }
}
