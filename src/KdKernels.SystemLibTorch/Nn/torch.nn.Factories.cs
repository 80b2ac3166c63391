using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>x·Wᵀ + b, with W and b drawn uniformly from ±1/√inputSize.</summary>
        public static Linear Linear(
            long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null) =>
            new(inputSize, outputSize, hasBias, device, dtype);

        /// <summary>x·Wᵀ + b with given parameters.</summary>
        public static Linear Linear(Parameter weight, Parameter? bias = null) => new(weight, bias);

        /// <summary>
        /// A table of vectors, drawn from the normal distribution; the row of padding_idx is zero and gets no gradient.
        /// </summary>
        /// <param name="num_embeddings">The number of rows.</param>
        /// <param name="embedding_dims">The length of a row.</param>
        /// <param name="padding_idx">The row that stands for nothing.</param>
        /// <param name="max_norm">Rows that are looked up are first scaled down to this norm.</param>
        /// <param name="norm_type">The p of that norm.</param>
        /// <param name="scale_grad_by_freq">Whether gradients are divided by how often an index occurs in the
        /// batch.</param>
        /// <param name="sparse">Whether the gradient is a sparse tensor.</param>
        /// <param name="device">Where the table is.</param>
        /// <param name="dtype">What it holds.</param>
        public static Embedding Embedding(
            long num_embeddings, long embedding_dims, long? padding_idx = null, double? max_norm = null,
            double norm_type = 2.0, bool scale_grad_by_freq = false, bool sparse = false, Device? device = null,
            ScalarType? dtype = null)
        {
            var table = new Parameter(empty([num_embeddings, embedding_dims], dtype, device));
            var module = new Embedding(table, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse);
            init.normal_(table);
            if (padding_idx is { } index)
            {
                using var noGrad = no_grad();
                using Tensor row = table.narrow(0, index < 0 ? index + num_embeddings : index, 1);
                row.zero_();
            }
            return module;
        }

        /// <summary>Long short-term memory, with parameters drawn uniformly from ±1/√hiddenSize.</summary>
        /// <param name="inputSize">The size of the input's last dimension.</param>
        /// <param name="hiddenSize">The size of the hidden state, per direction.</param>
        /// <param name="numLayers">Layers on top of one another.</param>
        /// <param name="bias">Whether the gates have biases.</param>
        /// <param name="batchFirst">Whether sequences are <c>[B, L, *]</c> instead of <c>[L, B, *]</c>.</param>
        /// <param name="dropout">In training, the dropout probability between layers.</param>
        /// <param name="bidirectional">Whether a second pass reads the sequence from its end.</param>
        /// <param name="device">Where the parameters are.</param>
        /// <param name="dtype">What they hold.</param>
        public static LSTM LSTM(
            long inputSize, long hiddenSize, long numLayers = 1, bool bias = true, bool batchFirst = false,
            double dropout = 0.0, bool bidirectional = false, Device? device = null, ScalarType? dtype = null) =>
            new(inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, device, dtype);

        /// <summary>A placeholder that gives its input back.</summary>
        public static Identity Identity() => new();

        /// <summary>Merges the dimensions from start_dim to end_dim into one.</summary>
        public static Flatten Flatten(long start_dim = 1, long end_dim = -1) => new(start_dim, end_dim);

        /// <summary>In training, zeroes each element with probability p and scales the others by 1 / (1 − p).</summary>
        public static Dropout Dropout(double p = 0.5, bool inplace = false) => new(p, inplace);

        /// <summary>max(x, 0).</summary>
        public static ReLU ReLU(bool inplace = false) => new(inplace);

        /// <summary>x where it is positive, negative_slope·x elsewhere.</summary>
        public static LeakyReLU LeakyReLU(double negative_slope = 0.01, bool inplace = false) =>
            new(negative_slope, inplace);

        /// <summary>1 / (1 + e^−x).</summary>
        public static Sigmoid Sigmoid() => new(false);

        /// <summary>1 / (1 + e^−x).</summary>
        public static Sigmoid Sigmoid(bool inplace) => new(inplace);

        /// <summary>The hyperbolic tangent.</summary>
        public static Tanh Tanh() => new(false);

        /// <summary>The hyperbolic tangent.</summary>
        public static Tanh Tanh(bool inplace = false) => new(inplace);

        /// <summary>e^x / Σ e^x along a dimension.</summary>
        public static Softmax Softmax(long dim) => new(dim);

        /// <summary>Batch normalisation of <c>[B, C]</c> or <c>[B, C, L]</c>.</summary>
        public static BatchNorm1d BatchNorm1d(
            long num_features, double eps = 1e-05, double momentum = 0.1, bool affine = true,
            bool track_running_stats = true, Device? device = null, ScalarType? dtype = null) =>
            new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

        /// <summary>Batch normalisation of <c>[B, C, H, W]</c>.</summary>
        public static BatchNorm2d BatchNorm2d(
            long num_features, double eps = 1e-05, double momentum = 0.1, bool affine = true,
            bool track_running_stats = true, Device? device = null, ScalarType? dtype = null) =>
            new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

        /// <summary>A list of modules.</summary>
        public static ModuleList<Module> ModuleList(params Module[] modules) => new(modules);

        /// <summary>A list of modules.</summary>
        public static ModuleList<T> ModuleList<T>(params T[] modules)
            where T : Module => new(modules);

        /// <summary>An empty sequence of modules.</summary>
        public static Sequential Sequential() => new();

        /// <summary>Named modules, one after another.</summary>
        public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) =>
            Sequential((IEnumerable<(string name, Module<Tensor, Tensor> submodule)>)modules);

        /// <summary>Modules one after another, named "0", "1", ...</summary>
        public static Sequential Sequential(params Module<Tensor, Tensor>[] modules) =>
            Sequential((IEnumerable<Module<Tensor, Tensor>>)modules);

        /// <summary>Named modules, one after another.</summary>
        public static Sequential Sequential(IEnumerable<(string name, Module<Tensor, Tensor> submodule)> modules)
        {
            var sequence = new Sequential();
            foreach (var (name, module) in modules) sequence.Add(name, module);
            return sequence;
        }

        /// <summary>Modules one after another, named "0", "1", ...</summary>
        public static Sequential Sequential(IEnumerable<Module<Tensor, Tensor>> modules)
        {
            var sequence = new Sequential();
            foreach (var module in modules) sequence.Add(module);
            return sequence;
        }

        /// <summary>The cross-entropy of logits and class indices or class probabilities.</summary>
        public static CrossEntropyLoss CrossEntropyLoss(
            Tensor? weight = null, long? ignore_index = null, Reduction reduction = Reduction.Mean) =>
            new(weight, ignore_index, reduction);

        /// <summary>The squared difference.</summary>
        public static MSELoss MSELoss(Reduction reduction = Reduction.Mean) => new(reduction);

        /// <summary>The absolute difference.</summary>
        public static L1Loss L1Loss(Reduction reduction = Reduction.Mean) => new(reduction);

        /// <summary>The squared difference up to beta, the absolute difference beyond.</summary>
        public static SmoothL1Loss SmoothL1Loss(Reduction reduction = Reduction.Mean, double beta = 1.0) =>
            new(reduction, beta);

        /// <summary>The negative log-probability of class indices.</summary>
        public static NLLLoss NLLLoss(Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
            new(weight, reduction);

        /// <summary>
        /// p·(log p − log q) for an input log q; say log_target, TorchSharp's default is not Python's.
        /// </summary>
        public static KLDivLoss KLDivLoss(bool log_target = true, Reduction reduction = Reduction.Mean) =>
            new(log_target, reduction);

        /// <summary>Makes a tensor a parameter; the tensor object is empty afterwards.</summary>
        public static Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
    }
}
