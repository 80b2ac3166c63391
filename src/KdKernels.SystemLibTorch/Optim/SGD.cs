using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>
/// g ← g + weight_decay·θ; v ← momentum·v + (1 − dampening)·g (v ← g at the first step); θ ← θ − lr·v, or with Nesterov
/// θ ← θ − lr·(g + momentum·v).
/// </summary>
public class SGD : OptimizerHelper, IMomentum
{
    /// <summary>An optimiser of one group.</summary>
    public SGD(
        IEnumerable<Parameter> parameters, double lr, double momentum = 0.0, double dampening = 0,
        double weight_decay = 0, bool nesterov = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize)
    {
    }

    /// <summary>An optimiser of several groups.</summary>
    /// <param name="parameters">The groups; the other parameters are for what they leave open.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="momentum">How much of the last step is kept.</param>
    /// <param name="dampening">How much of the gradient is left out of the momentum.</param>
    /// <param name="weight_decay">The factor of an L2 penalty's gradient.</param>
    /// <param name="nesterov">Whether to look ahead.</param>
    /// <param name="maximize">Whether to go up: the sign of the whole step turns, weight decay included.</param>
    /// <exception cref="ArgumentException">A negative value; Nesterov without momentum or with dampening.</exception>
    public SGD(
        IEnumerable<ParamGroup> parameters, double lr, double momentum = 0.0, double dampening = 0,
        double weight_decay = 0, bool nesterov = false, bool maximize = false)
    {
        OptimizerChecks.NotNegative(lr, "learning rate");
        OptimizerChecks.NotNegative(momentum, "momentum value");
        OptimizerChecks.NotNegative(weight_decay, "weight_decay value");
        if (nesterov && (momentum <= 0 || dampening != 0))
            throw new ArgumentException("Nesterov momentum requires a momentum and zero dampening", nameof(nesterov));
        _defaults = new Options
        {
            LearningRate = lr,
            InitialLearningRate = lr,
            momentum = momentum,
            dampening = dampening,
            weight_decay = weight_decay,
            nesterov = nesterov,
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
        options.momentum ??= defaults.momentum;
        options.dampening ??= defaults.dampening;
        options.weight_decay ??= defaults.weight_decay;
        options.nesterov ??= defaults.nesterov;
        options.maximize ??= defaults.maximize;
        Join(param_group, parameter => new State(parameter));
    }

    private void Step(ParamGroup group)
    {
        Options options = group.Options;
        var (parameters, grads, states) = Active<State>(group);
        if (parameters.Length == 0) return;
        double momentum = options.momentum!.Value;
        double decay = options.weight_decay!.Value;
        double rate = options.LearningRate!.Value;

        if (decay != 0) grads = Foreach.Add(grads, parameters, decay);
        if (momentum != 0)
        {
            Tensor[] velocity = Velocity(states, grads, momentum, 1 - options.dampening!.Value);
            grads = options.nesterov!.Value ? Foreach.Add(grads, velocity, momentum) : velocity;
        }
        Foreach.AddInPlace(parameters, grads, options.maximize!.Value ? rate : -rate);
    }

    private static Tensor[] Velocity(State[] states, Tensor[] grads, double momentum, double gain)
    {
        if (Array.TrueForAll(states, state => state.momentum_buffer is not null))
        {
            Tensor[] velocity = Array.ConvertAll(states, state => state.momentum_buffer!);
            Foreach.MulInPlace(velocity, momentum);
            Foreach.AddInPlace(velocity, grads, gain);
            return velocity;
        }

        // The first step of a parameter, at times with others that are further on.
        for (int i = 0; i < states.Length; i++)
        {
            if (states[i].momentum_buffer is { } buffer)
                buffer.mul_(momentum).add_(grads[i], alpha: gain);
            else
                states[i].momentum_buffer = grads[i].clone().DetachFromDisposeScope();
        }
        return Array.ConvertAll(states, state => state.momentum_buffer!);
    }

    /// <summary>The velocity of one parameter.</summary>
    public sealed class State(Parameter parameter) : OptimizerState(parameter), IDisposable
    {
        /// <summary>The velocity; null before the first step with momentum.</summary>
        public Tensor? momentum_buffer;

        /// <inheritdoc/>
        public void Dispose() => momentum_buffer?.Dispose();

        /// <inheritdoc/>
        public override void Initialize(OptimizerOptions options)
        {
            momentum_buffer?.Dispose();
            momentum_buffer = null;
        }

        /// <inheritdoc/>
        public override void to(Device device) => Move(ref momentum_buffer, device);

        /// <inheritdoc/>
        public override void SaveStateDict(BinaryWriter writer) => SaveConditionalStateTensor(writer, momentum_buffer);

        /// <inheritdoc/>
        public override void LoadStateDict(BinaryReader reader) =>
            LoadConditionalStateTensor(reader, ref momentum_buffer, _parameter.device);

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerState source) =>
            Replace(ref momentum_buffer, ((State)source).momentum_buffer);

        /// <inheritdoc/>
        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State state && Close(momentum_buffer, state.momentum_buffer);
    }

    /// <summary>The options of a group; what is null comes from the optimiser.</summary>
    public class Options : OptimizerOptions
    {
        /// <summary>How much of the last step is kept.</summary>
        public double? momentum;

        /// <summary>How much of the gradient is left out of the momentum.</summary>
        public double? dampening;

        /// <summary>The factor of an L2 penalty's gradient.</summary>
        public double? weight_decay;

        /// <summary>Whether to look ahead.</summary>
        public bool? nesterov;

        /// <summary>Whether to go up.</summary>
        public bool? maximize;

        /// <inheritdoc/>
        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(momentum!.Value);
            writer.Write(dampening!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(nesterov!.Value);
            writer.Write(maximize!.Value);
        }

        /// <inheritdoc/>
        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            momentum = reader.ReadDouble();
            dampening = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            nesterov = reader.ReadBoolean();
            maximize = reader.ReadBoolean();
        }

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            (momentum, dampening, weight_decay) = (other.momentum, other.dampening, other.weight_decay);
            (nesterov, maximize) = (other.nesterov, other.maximize);
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
            IEnumerable<Parameter> parameters, double lr = 1e-3, double momentum = 0.0, double dampening = 0,
            double weight_decay = 0, bool nesterov = false, bool maximize = false)
            : base(
                parameters,
                new Options
                {
                    LearningRate = lr,
                    momentum = momentum,
                    dampening = dampening,
                    weight_decay = weight_decay,
                    nesterov = nesterov,
                    maximize = maximize,
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
