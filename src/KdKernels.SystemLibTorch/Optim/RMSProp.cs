using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>
/// s ← α·s + (1 − α)·g²; θ ← θ − lr·g / (√s + ε); centred, √(s − ḡ²) with the decaying mean ḡ; with momentum, the
/// quotient goes through v ← momentum·v + g / (√s + ε).
/// </summary>
public class RMSProp : OptimizerHelper, IMomentum
{
    /// <summary>An optimiser of one group.</summary>
    public RMSProp(
        IEnumerable<Parameter> parameters, double lr = 1e-3, double alpha = 0.99, double eps = 1e-8,
        double weight_decay = 0, double momentum = 0.0, bool centered = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, alpha, eps, weight_decay, momentum, centered, maximize)
    {
    }

    /// <summary>An optimiser of several groups.</summary>
    /// <param name="parameters">The groups; the other parameters are for what they leave open.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="alpha">How much of the mean squared gradient is kept.</param>
    /// <param name="eps">Added to the root of the mean square.</param>
    /// <param name="weight_decay">The factor of an L2 penalty's gradient.</param>
    /// <param name="momentum">How much of the last step is kept.</param>
    /// <param name="centered">Whether to divide by the deviation instead of the root mean square.</param>
    /// <param name="maximize">Whether to go up.</param>
    /// <exception cref="ArgumentException">A negative value.</exception>
    public RMSProp(
        IEnumerable<ParamGroup> parameters, double lr = 1e-3, double alpha = 0.99, double eps = 1e-8,
        double weight_decay = 0, double momentum = 0.0, bool centered = false, bool maximize = false)
    {
        OptimizerChecks.NotNegative(lr, "learning rate");
        OptimizerChecks.NotNegative(eps, "ε");
        OptimizerChecks.NotNegative(alpha, "alpha");
        OptimizerChecks.NotNegative(momentum, "momentum value");
        OptimizerChecks.NotNegative(weight_decay, "weight_decay value");
        _defaults = new Options
        {
            LearningRate = lr,
            InitialLearningRate = lr,
            alpha = alpha,
            eps = eps,
            weight_decay = weight_decay,
            momentum = momentum,
            centered = centered,
            maximize = maximize,
        };
        foreach (ParamGroup group in parameters) add_param_group(group);
    }

    /// <summary>The momentum of groups that join later.</summary>
    public double Momentum
    {
        get => ((Options)_defaults).momentum!.Value;
        set => ((Options)_defaults).momentum = value;
    }

    /// <inheritdoc/>
    public override Tensor? step(Func<Tensor>? closure = null) => _step<ParamGroup>(Step, closure);

    /// <inheritdoc/>
    public override void add_param_group(Modules.ParamGroup param_group)
    {
        var defaults = (Options)_defaults;
        var options = (Options)(param_group.Options ??= new Options());
        options.LearningRate ??= defaults.LearningRate;
        options.alpha ??= defaults.alpha;
        options.eps ??= defaults.eps;
        options.weight_decay ??= defaults.weight_decay;
        options.momentum ??= defaults.momentum;
        options.centered ??= defaults.centered;
        options.maximize ??= defaults.maximize;
        Join(param_group, parameter => new State(parameter));
    }

    private void Step(ParamGroup group)
    {
        Options options = group.Options;
        var (parameters, grads, states) = Active<State>(group);
        if (parameters.Length == 0) return;
        double alpha = options.alpha!.Value;
        double decay = options.weight_decay!.Value;
        double momentum = options.momentum!.Value;
        double rate = options.LearningRate!.Value;
        if (options.maximize!.Value) grads = Foreach.Neg(grads);
        if (decay != 0) grads = Foreach.Add(grads, parameters, decay);
        foreach (State state in states) state.step++;

        Tensor[] square = Array.ConvertAll(states, state => state.square_avg);
        Foreach.MulInPlace(square, alpha);
        Foreach.AddcmulInPlace(square, grads, grads, 1 - alpha);
        if (options.centered!.Value)
        {
            Tensor[] mean = Array.ConvertAll(states, state => state.grad_avg!);
            Foreach.MulInPlace(mean, alpha);
            Foreach.AddInPlace(mean, grads, 1 - alpha);
            square = Foreach.Addcmul(square, mean, mean, -1);
        }
        Tensor[] divisor = Foreach.Sqrt(square);
        Foreach.AddInPlace(divisor, options.eps!.Value);
        if (momentum > 0)
        {
            Tensor[] velocity = Array.ConvertAll(states, state => state.momentum_buffer!);
            Foreach.MulInPlace(velocity, momentum);
            Foreach.AddcdivInPlace(velocity, grads, divisor, 1);
            Foreach.AddInPlace(parameters, velocity, -rate);
        }
        else
        {
            Foreach.AddcdivInPlace(parameters, grads, divisor, -rate);
        }
    }

    /// <summary>The averages of one parameter.</summary>
    public sealed class State(Parameter parameter) : OptimizerState(parameter), IDisposable
    {
        /// <summary>The number of steps taken.</summary>
        public long step;

        /// <summary>The decaying mean of the squared gradient.</summary>
        public Tensor square_avg = null!;

        /// <summary>The velocity.</summary>
        public Tensor? momentum_buffer;

        /// <summary>The decaying mean of the gradient.</summary>
        public Tensor? grad_avg;

        /// <inheritdoc/>
        public void Dispose()
        {
            square_avg?.Dispose();
            momentum_buffer?.Dispose();
            grad_avg?.Dispose();
        }

        /// <inheritdoc/>
        public override void Initialize(OptimizerOptions options)
        {
            Dispose();
            step = 0;
            square_avg = ZerosLikeParameter();
            momentum_buffer = ZerosLikeParameter();
            grad_avg = ZerosLikeParameter();
        }

        /// <inheritdoc/>
        public override void to(Device device)
        {
            Move(ref square_avg!, device);
            Move(ref momentum_buffer, device);
            Move(ref grad_avg, device);
        }

        /// <inheritdoc/>
        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            square_avg.Save(writer);
            SaveConditionalStateTensor(writer, momentum_buffer);
            SaveConditionalStateTensor(writer, grad_avg);
        }

        /// <inheritdoc/>
        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            square_avg.Load(reader);
            LoadConditionalStateTensor(reader, ref momentum_buffer, _parameter.device);
            LoadConditionalStateTensor(reader, ref grad_avg, _parameter.device);
        }

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            step = other.step;
            Replace(ref square_avg!, other.square_avg);
            Replace(ref momentum_buffer, other.momentum_buffer);
            Replace(ref grad_avg, other.grad_avg);
        }

        /// <inheritdoc/>
        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State state && step == state.step && Close(square_avg, state.square_avg)
            && Close(momentum_buffer, state.momentum_buffer) && Close(grad_avg, state.grad_avg);
    }

    /// <summary>The options of a group; what is null comes from the optimiser.</summary>
    public class Options : OptimizerOptions
    {
        /// <summary>Whether to go up.</summary>
        public bool? maximize;

        /// <summary>How much of the last step is kept.</summary>
        public double? momentum;

        /// <summary>How much of the mean squared gradient is kept.</summary>
        public double? alpha;

        /// <summary>Added to the root of the mean square.</summary>
        public double? eps;

        /// <summary>The factor of an L2 penalty's gradient.</summary>
        public double? weight_decay;

        /// <summary>Whether to divide by the deviation.</summary>
        public bool? centered;

        /// <inheritdoc/>
        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(maximize!.Value);
            writer.Write(momentum!.Value);
            writer.Write(alpha!.Value);
            writer.Write(eps!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(centered!.Value);
        }

        /// <inheritdoc/>
        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            maximize = reader.ReadBoolean();
            momentum = reader.ReadDouble();
            alpha = reader.ReadDouble();
            eps = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            centered = reader.ReadBoolean();
        }

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            (momentum, alpha, eps, weight_decay) = (other.momentum, other.alpha, other.eps, other.weight_decay);
            (maximize, centered) = (other.maximize, other.centered);
        }
    }

    /// <summary>A group of parameters with options of its own.</summary>
    public class ParamGroup : ParamGroup<Options>, IMomentum
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
            IEnumerable<Parameter> parameters, double lr = 1e-3, double eps = 1e-8, double alpha = 0.99,
            double weight_decay = 0, double momentum = 0.0, bool centered = false)
            : base(
                parameters,
                new Options
                {
                    LearningRate = lr,
                    eps = eps,
                    alpha = alpha,
                    weight_decay = weight_decay,
                    momentum = momentum,
                    centered = centered,
                })
        {
        }

        /// <summary>The momentum of the next step.</summary>
        public double Momentum
        {
            get => Options.momentum!.Value;
            set => Options.momentum = value;
        }
    }
}
